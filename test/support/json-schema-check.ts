// Whether a value is what a JSON Schema says, for the keywords that the box writes. Any other one is an error, so that
// none is passed over: what would not be looked at here would prove nothing.

export type Schema = Readonly<Record<string, unknown>>;

/** What is wrong, the path first; nothing: the value fits. `definitions` are what `$ref` names, by its text. */
export function complaints(
  schema: Schema,
  value: unknown,
  definitions: Readonly<Record<string, Schema>> = {},
): string[] {
  const found: string[] = [];
  for (const [keyword, operand] of Object.entries(schema)) {
    if (ANNOTATIONS.test(keyword)) continue;
    const check = CHECKS[keyword];
    if (!check) throw new Error(`the keyword ${keyword} is not known here`);
    const at = (inner: Schema, one: unknown, path: string | number) =>
      found.push(...complaints(inner, one, definitions).map((text) => `${path}/${text}`));
    const isFine = check(operand as never, value, { schema, definitions, at });
    if (!isFine) found.push(`${keyword}: ${JSON.stringify(value)?.slice(0, 80)}`);
  }
  return found;
}

interface Around {
  readonly schema: Schema;
  readonly definitions: Readonly<Record<string, Schema>>;
  /** Takes down what is wrong with a part of the value. */
  at(inner: Schema, one: unknown, path: string | number): void;
}

/** Those that say nothing about which values fit. */
const ANNOTATIONS = /^(title|description|default|examples|format|content[A-Z].*|\$schema|x-.*)$/;

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

type Check = (operand: never, value: unknown, around: Around) => boolean;

/** Keywords are about one type each, and let values of others pass. */
const CHECKS: Readonly<Record<string, Check>> = {
  $ref: (operand: string, value, { definitions }) => {
    const schema = definitions[operand];
    if (!schema) throw new Error(`${operand} leads nowhere`);
    return complaints(schema, value, definitions).length === 0;
  },
  type: (operand: string | string[], value) => [operand].flat().some((one) => isOf(one, value)),
  const: (operand: unknown, value) => operand === value,
  enum: (operand: unknown[], value) => operand.includes(value),
  pattern: ofText((operand: string, value) => new RegExp(operand, "u").test(value)),
  minLength: ofText((operand: number, value) => [...value].length >= operand),
  maxLength: ofText((operand: number, value) => [...value].length <= operand),
  minimum: ofNumber((operand, value) => value >= operand),
  maximum: ofNumber((operand, value) => value <= operand),
  multipleOf: ofNumber((operand, value) => value % operand === 0),
  minItems: (operand: number, value) => !Array.isArray(value) || value.length >= operand,
  maxItems: (operand: number, value) => !Array.isArray(value) || value.length <= operand,
  items: (operand: Schema, value, { at }) => {
    if (Array.isArray(value)) value.forEach((one, index) => void at(operand, one, index));
    return true;
  },
  required: (operand: string[], value) =>
    !isObject(value) || operand.every((name) => Object.hasOwn(value, name)),
  properties: (operand: Readonly<Record<string, Schema>>, value, { at }) => {
    for (const [name, one] of isObject(value) ? Object.entries(value) : []) {
      const schema = Object.hasOwn(operand, name) ? operand[name] : undefined;
      if (schema) at(schema, one, name);
    }
    return true;
  },
  additionalProperties: (operand: Schema | false, value, { schema, at }) => {
    if (!isObject(value)) return true;
    const others = Object.keys(value).filter(
      (name) => !Object.hasOwn(schema.properties ?? {}, name),
    );
    if (operand === false) return others.length === 0;
    for (const name of others) at(operand, value[name], name);
    return true;
  },
  propertyNames: (operand: Schema, value, { at }) => {
    for (const name of isObject(value) ? Object.keys(value) : []) at(operand, name, name);
    return true;
  },
  anyOf: (operand: Schema[], value, { definitions }) =>
    operand.some((one) => complaints(one, value, definitions).length === 0),
  not: (operand: Schema, value, { definitions }) =>
    complaints(operand, value, definitions).length > 0,
};

function isOf(type: string, value: unknown): boolean {
  const check = TYPES[type];
  if (!check) throw new Error(`there is no type ${type}`);
  return check(value);
}

function ofText<T>(holds: (operand: T, value: string) => boolean): Check {
  return (operand, value) => typeof value !== "string" || holds(operand, value);
}

function ofNumber(holds: (operand: number, value: number) => boolean): Check {
  return (operand, value) => typeof value !== "number" || holds(operand, value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
