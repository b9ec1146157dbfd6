// Shapes made of other shapes: fields in a row, items behind their length, sub-options.

import { DecodeError } from "../base/errors.ts";
import {
  bytesOrEmpty,
  CONTENT_BYTES_MAX,
  type Codec,
  isList,
  isRecord,
  type Plain,
  refused,
  u8,
} from "./option-codecs.ts";
import { Reader } from "./reader.ts";
import { EncodeError, Writer } from "./writer.ts";

/** How a struct knows where a field ends. "rest" is only for the last one. */
export type Extent = "fixed" | "counted8" | "counted16" | "rest";

export interface Field<T> {
  readonly codec: Codec<T>;
  readonly extent: Extent;
}

export interface Struct<T> extends Codec<T> {
  read(reader: Reader): T;
  write(writer: Writer, value: T): void;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type ValueOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** A field of the one length its codec allows. */
export function fixed<T>(codec: Codec<T>): Field<T> {
  return { codec, extent: "fixed" };
}

/** A field behind its length in one byte. */
export function counted8<T>(codec: Codec<T>): Field<T> {
  return { codec, extent: "counted8" };
}

/** A field behind its length in two bytes. */
export function counted16<T>(codec: Codec<T>): Field<T> {
  return { codec, extent: "counted16" };
}

/** A field that takes what is left. */
export function rest<T>(codec: Codec<T>): Field<T> {
  return { codec, extent: "rest" };
}

/** Fields in the order they are written here; configuration names them by the same keys. */
export function struct<F extends Fields>(shape: string, fields: F): Struct<ValueOf<F>> {
  const names = Object.keys(fields);
  const fieldOf = (name: string) => fields[name] as Field<unknown>;
  const isOpenEnded = names.some((name) => fieldOf(name).extent !== "fixed");
  const min = names.reduce((sum, name) => sum + fieldBytesMin(fieldOf(name)), 0);
  const read = (reader: Reader) => {
    const value: Record<string, unknown> = {};
    for (const name of names) value[name] = readField(reader, name, fieldOf(name));
    return value as ValueOf<F>;
  };
  const write = (writer: Writer, value: ValueOf<F>) => {
    for (const name of names) writeField(writer, fieldOf(name), value[name]);
  };
  return {
    shape,
    min,
    max: isOpenEnded ? CONTENT_BYTES_MAX : min,
    read,
    write,
    decode: (data, start, end) => readAll(shape, new Reader(data, start, end), read),
    encode: (value) => {
      const writer = new Writer();
      write(writer, value);
      return writer.done();
    },
    parse: (input) => parseFields(input, shape, names, fieldOf) as ValueOf<F>,
    format: (value) =>
      Object.fromEntries(names.map((name) => [name, fieldOf(name).codec.format(value[name])])),
  };
}

/** One or more structs, one after the other. */
export function repeated<T>(item: Struct<T>, shape: string): Codec<readonly T[]> {
  return {
    shape,
    min: item.min,
    max: CONTENT_BYTES_MAX,
    decode: (data, start, end) => {
      const reader = new Reader(data, start, end);
      const values: T[] = [];
      while (reader.remaining > 0) values.push(item.read(reader));
      return values;
    },
    encode: (values) => {
      if (values.length === 0) throw new EncodeError(`${shape} is empty`);
      const writer = new Writer();
      for (const value of values) item.write(writer, value);
      return writer.done();
    },
    parse: (input) => {
      if (!isList(input) || input.length === 0)
        throw refused(input, `a list of at least one ${item.shape}`);
      return input.map((one) => item.parse(one));
    },
    format: (values) => values.map((value) => item.format(value)),
  };
}

/** One or more values, each behind its length. */
export function countedList<T>(
  item: Codec<T>,
  extent: "counted8" | "counted16",
  shape: string,
): Codec<readonly T[]> {
  const field: Field<T> = { codec: item, extent };
  const one: Struct<T> = {
    ...item,
    min: fieldBytesMin(field),
    read: (reader) => readField(reader, item.shape, field),
    write: (writer, value) => writeField(writer, field, value),
  };
  return repeated(one, shape);
}

export interface Suboption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** Code, length, content, as options themselves are written, but without Pad and End. */
export const suboptions: Codec<readonly Suboption[]> = repeated(
  struct("suboption", { code: fixed(u8), data: counted8(bytesOrEmpty) }),
  "suboptions",
);

/** Reads with `read` and requires that nothing is left over. */
export function readAll<T>(shape: string, reader: Reader, read: (reader: Reader) => T): T {
  const value = read(reader);
  if (reader.remaining > 0) throw reader.fail(shape, `${reader.remaining} bytes too many`);
  return value;
}

/** Decodes with the codec's bounds checked: the way into any codec that stands inside another. */
export function decodeContent<T>(codec: Codec<T>, data: Uint8Array, start: number, end: number): T {
  const length = end - start;
  if (length < codec.min || length > codec.max) {
    throw new DecodeError(codec.shape, 0, `${length} bytes are not ${codec.min} to ${codec.max}`);
  }
  return codec.decode(data, start, end);
}

function fieldBytesMin(field: Field<unknown>): number {
  const counter = field.extent === "counted16" ? 2 : field.extent === "counted8" ? 1 : 0;
  return counter + field.codec.min;
}

function readField<T>(reader: Reader, name: string, field: Field<T>): T {
  const content = reader.bytes(name, contentBytes(reader, name, field));
  return decodeContent(field.codec, content, 0, content.length);
}

function contentBytes(reader: Reader, name: string, field: Field<unknown>): number {
  switch (field.extent) {
    case "fixed":
      return field.codec.min;
    case "counted8":
      return reader.u8(`${name} length`);
    case "counted16":
      return reader.u16(`${name} length`);
    case "rest":
      return reader.remaining;
  }
}

function writeField<T>(writer: Writer, field: Field<T>, value: T): void {
  const content = field.codec.encode(value);
  if (field.extent === "counted8") writer.counted8(content);
  else if (field.extent === "counted16") writer.counted16(content);
  else writer.bytes(content);
}

function parseFields(
  input: Plain,
  shape: string,
  names: readonly string[],
  fieldOf: (name: string) => Field<unknown>,
): Record<string, unknown> {
  if (!isRecord(input)) {
    throw refused(input, `an object with ${names.join(", ")}`);
  }
  const extra = Object.keys(input).find((name) => !names.includes(name));
  if (extra !== undefined) throw refused(extra, `a part of ${shape}: ${names.join(", ")}`);
  const value: Record<string, unknown> = {};
  for (const name of names) {
    const part = input[name];
    if (part === undefined) throw refused(input, `whole: "${name}" is missing`);
    value[name] = fieldOf(name).codec.parse(part);
  }
  return value;
}
