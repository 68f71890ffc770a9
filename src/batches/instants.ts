// Instants: wall time in the words of RFC 3339, worked out without a clock's help.
//
// Owns the arithmetic of the calendar, in UTC; pure code names no `Date`.

const DAY_MS = 86_400_000;
const DAYS_PER_ERA = 146_097;
/** From 1 March of the year 0, where an era of 400 years begins, to 1 January 1970. */
const EPOCH_DAYS = 719_468;

/** `wall` in milliseconds of the epoch, from the year 0 to 9999. */
export function rfc3339(wall: number): string {
  const days = Math.floor(wall / DAY_MS);
  return `${dateOf(days)}T${timeOf(wall - days * DAY_MS)}Z`;
}

/** Years are counted from 1 March, so that a leap day is the last day of one. */
function dateOf(days: number): string {
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const ofEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
}

function timeOf(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return `${digits(Math.floor(minutes / 60), 2)}:${digits(minutes % 60, 2)}:${digits(seconds % 60, 2)}.${digits(Math.floor(ms % 1_000), 3)}`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
