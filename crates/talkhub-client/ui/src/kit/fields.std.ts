// Reading what came over a wire, field by field: `unknown` in, a value of the promised type out, or `BadWire` thrown.

/** Something from outside is not what it should be. Codecs catch it; nothing else sees it. */
export class BadWire extends Error {}

/** The fields of one JSON object. Unknown ones are simply not asked for. */
export class Fields {
  private readonly all: Map<string, unknown>;

  constructor(input: unknown, private readonly where = "value") {
    if (typeof input !== "object" || input === null || Array.isArray(input)) throw new BadWire(`${where} is no object`);
    this.all = new Map(Object.entries(input));
  }

  text(name: string): string {
    const value = this.all.get(name);
    if (typeof value !== "string") throw new BadWire(`${this.where}.${name} is no text`);
    return value;
  }

  number(name: string): number {
    const value = this.all.get(name);
    if (typeof value !== "number" || !Number.isFinite(value)) throw new BadWire(`${this.where}.${name} is no number`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.all.get(name);
    if (typeof value !== "boolean") throw new BadWire(`${this.where}.${name} is neither true nor false`);
    return value;
  }

  /** A text that passes `test`, such as an id. */
  kind<T extends string>(name: string, test: (text: string) => text is T): T {
    const value = this.text(name);
    if (!test(value)) throw new BadWire(`${this.where}.${name} is malformed`);
    return value;
  }

  one<T>(name: string, read: (input: unknown) => T): T {
    return read(this.all.get(name));
  }

  /** Items that cannot be read are an error, as a list with holes would be an untruth. */
  list<T>(name: string, read: (input: unknown) => T): T[] {
    const value = this.all.get(name);
    if (!Array.isArray(value)) throw new BadWire(`${this.where}.${name} is no list`);
    return value.map((item: unknown) => read(item));
  }

  has(name: string): boolean {
    const value = this.all.get(name);
    return value !== undefined && value !== null;
  }
}

/** What `read` makes of `input`, or null where it is not what it should be. */
export function decoded<T>(read: (input: unknown) => T, input: unknown): T | null {
  try {
    return read(input);
  } catch (error) {
    if (error instanceof BadWire) return null;
    throw error;
  }
}

/** JSON text to `unknown`; null where it is no JSON. */
export function json(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}
