// Payloads: references to bytes that are not state (items, values, prints, callback bodies).

/** A name for payload bytes, with what is needed to check them. `id` is `owner/rest`; the owner is a row's id. */
export interface PayloadRef {
  readonly id: string;
  readonly bytes: number;
  /** CRC-32 (IEEE 802.3, as in zlib) of the bytes, unsigned. */
  readonly checksum: number;
}
