// Files: what a recording's files may be after a power cut.
//
// Owns the rules of what survives, and building one possible image. Does not own what an image must hold (truth.ts).
//   F1. What a flush covered survives. Of each write that no flush covered, any of its sectors may survive, whatever
//       became of other writes: a disk writes when and in which order it likes.
//   F2. A sector of 512 bytes is whole: its old bytes or its new ones. Disks promise that much and LMDB rests on it.
//   F3. Names survive when their folder was flushed; of the changes of names after that, those up to some point do.
//   F4. A flush of a file says nothing about its name.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { Chance } from '../chance.ts';
import type { Entry } from './recording.ts';

const SECTOR = 512;

/** What of the unflushed survives in one image. */
export type Mood = (typeof MOODS)[number];
export const MOODS = ['nothing', 'everything', 'sectors', 'writes', 'the last write'] as const;

/** Which flushes count. The others are as if nobody had asked for them: that is how the harness is tried. */
export type Flushes = 'all' | 'none' | 'all but of pages';

interface Write {
  readonly at: number;
  readonly offset: number;
  readonly data: Buffer;
}
type Change = Write | { readonly at: number; readonly length: number };

class File {
  #bytes = Buffer.alloc(65_536);
  #length = 0;
  #pending: Change[] = [];

  /** A file that is whole on the disk. */
  static of(bytes: Buffer): File {
    const file = new File();
    file.#apply({ at: 0, offset: 0, data: bytes });
    return file;
  }

  add(change: Change): void {
    this.#pending.push(change);
  }

  /** What was pending and stood before `covered` survives from now on. */
  flush(covered: number): void {
    for (const change of this.#pending) if (change.at < covered) this.#apply(change);
    this.#pending = this.#pending.filter(({ at }) => at >= covered);
  }

  /** The one write that began at this place survives, and nothing else. */
  flushWrite(at: number): void {
    const written = this.#pending.find((change) => change.at === at);
    if (written === undefined || 'length' in written) throw new Error('what was flushed is no write');
    this.#apply(written);
    const rest = this.#pending.filter((change) => change.at !== at);
    this.#pending = rest.flatMap((change) => (change.at < at ? without(change, written) : [change]));
  }

  image(chance: Chance, mood: Mood): Buffer {
    const image = new File();
    image.#bytes = Buffer.from(this.#bytes);
    image.#length = this.#length;
    const share = chance.pick([0.1, 0.5, 0.9]);
    for (const [index, change] of this.#pending.entries()) {
      const isLast = index === this.#pending.length - 1;
      for (const piece of surviving(change, { chance, mood, share, isLast })) image.#apply(piece);
    }
    return image.#bytes.subarray(0, image.#length);
  }

  #apply(change: Change): void {
    if ('length' in change) {
      this.#bytes.fill(0, change.length);
      this.#reserve(change.length);
      this.#length = change.length;
      return;
    }
    this.#reserve(change.offset + change.data.length);
    change.data.copy(this.#bytes, change.offset);
    this.#length = Math.max(this.#length, change.offset + change.data.length);
  }

  #reserve(length: number): void {
    if (length > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(length * 2 - this.#bytes.length)]);
  }
}

/** What is left of an older write when a newer one that lies over it has survived. */
function without(older: Change, newer: Write): Change[] {
  if ('length' in older) throw new Error('a flushed write after an unflushed change of length: not modelled');
  const { at, offset, data } = older;
  const before = data.subarray(0, Math.max(0, newer.offset - offset));
  const behind = data.subarray(Math.min(data.length, Math.max(0, newer.offset + newer.data.length - offset)));
  return [{ at, offset, data: before }, { at, offset: offset + data.length - behind.length, data: behind }].filter((piece) => piece.data.length > 0);
}

interface Draw {
  readonly chance: Chance;
  readonly mood: Mood;
  /** How much of it survives in the moods that draw. */
  readonly share: number;
  readonly isLast: boolean;
}

function surviving(change: Change, { chance, mood, share, isLast }: Draw): readonly Change[] {
  if (mood === 'sectors' && 'data' in change) return sectorsOf(change).filter(() => chance.bool(share));
  const survives = { nothing: false, everything: true, sectors: chance.bool(share), writes: chance.bool(share), 'the last write': isLast };
  return survives[mood] ? [change] : [];
}

function sectorsOf({ at, offset, data }: Write): Change[] {
  const sectors: Change[] = [];
  for (let start = offset; start < offset + data.length;) {
    const end = Math.min(offset + data.length, (Math.floor(start / SECTOR) + 1) * SECTOR);
    sectors.push({ at, offset: start, data: data.subarray(start - offset, end - offset) });
    start = end;
  }
  return sectors;
}

type Names = Map<string, File | Folder>;
interface Renaming { readonly at: number; readonly apply: (names: Names) => void }

class Folder {
  /** As the running process sees them. */
  readonly names: Names = new Map();
  readonly #durable: Names = new Map();
  #pending: Renaming[] = [];

  /** A name that is on the disk from the beginning. */
  hold(name: string, node: File | Folder): void {
    this.names.set(name, node);
    this.#durable.set(name, node);
  }

  change(at: number, apply: (names: Names) => void): void {
    apply(this.names);
    this.#pending.push({ at, apply });
  }

  flush(covered: number): void {
    for (const { at, apply } of this.#pending) if (at < covered) apply(this.#durable);
    this.#pending = this.#pending.filter(({ at }) => at >= covered);
  }

  image(chance: Chance, mood: Mood): Names {
    const names = new Map(this.#durable);
    const survive = { nothing: 0, everything: Infinity, sectors: chance.int(0, this.#pending.length), writes: chance.int(0, this.#pending.length), 'the last write': Infinity }[mood];
    for (const { apply } of this.#pending.slice(0, survive)) apply(names);
    return names;
  }
}

/** Everything below one folder, entry by entry of a recording. */
export class Disk {
  readonly #root: Folder;
  readonly #path: string;
  readonly #flushes: Flushes;

  /** `path`: the folder that was watched; `base`: what was in it then, nothing without it. */
  constructor(path: string, flushes: Flushes = 'all', base?: string) {
    this.#path = path;
    this.#flushes = flushes;
    this.#root = base === undefined ? new Folder() : loadFolder(base);
  }

  take(entry: Entry): void {
    const { kind, at, path, number, data } = entry;
    if (kind === 'write') this.#file(path).add({ at, offset: number, data });
    else if (kind === 'truncate') this.#file(path).add({ at, length: number });
    else if (kind === 'flush') this.#flush(path, number);
    else if (kind === 'flushWrite') { if (this.#flushes !== 'none') this.#file(path).flushWrite(number); }
    else if (kind !== 'mark' && kind !== 'answer') this.#rename(entry);
  }

  /** Writes one possible image into a folder that is not there yet. */
  build(folder: string, chance: Chance, mood: Mood): void {
    buildFolder(this.#root, folder, chance, mood);
  }

  #rename({ kind, at, path, data }: Entry): void {
    const name = basename(path);
    const folder = this.#folder(dirname(path));
    if (kind === 'rename') {
      const to = data.toString();
      if (dirname(to) !== dirname(path)) throw new Error('a rename from one folder to another: not modelled');
      const moved = folder.names.get(name);
      if (moved === undefined) throw new Error(`${path} was renamed and is not there`);
      folder.change(at, (names) => void (names.delete(name), names.set(basename(to), moved)));
    } else if (kind === 'remove') folder.change(at, (names) => void names.delete(name));
    else {
      const made = kind === 'create' ? new File() : new Folder();
      folder.change(at, (names) => void names.set(name, made));
    }
  }

  #flush(path: string, covered: number): void {
    const node = this.#at(path);
    if (this.#flushes === 'all' || (this.#flushes === 'all but of pages' && node instanceof Folder)) node?.flush(covered);
  }

  #at(path: string): File | Folder | undefined {
    let here: File | Folder | undefined = this.#root;
    for (const name of relative(this.#path, path).split('/')) {
      if (name !== '') here = here instanceof Folder ? here.names.get(name) : undefined;
    }
    return here;
  }

  #file(path: string): File {
    const file = this.#at(path);
    // A file that was removed may still be written to; nobody will ever see it.
    return file instanceof File ? file : new File();
  }

  #folder(path: string): Folder {
    const folder = this.#at(path);
    if (!(folder instanceof Folder)) throw new Error(`${path} is no folder`);
    return folder;
  }
}

function loadFolder(path: string): Folder {
  const folder = new Folder();
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    folder.hold(entry.name, entry.isDirectory() ? loadFolder(inner) : File.of(readFileSync(inner)));
  }
  return folder;
}

function buildFolder(folder: Folder, path: string, chance: Chance, mood: Mood): void {
  mkdirSync(path, { mode: 0o700 });
  for (const [name, node] of folder.image(chance, mood)) {
    if (node instanceof Folder) buildFolder(node, join(path, name), chance, mood);
    else writeFileSync(join(path, name), node.image(chance, mood));
  }
}
