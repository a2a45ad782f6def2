// The words people read, from the same Fluent catalogue as the server's.
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import english from "../../../words/en.ftl?raw";

const bundle = new FluentBundle("en", { useIsolating: false });
bundle.addResource(new FluentResource(english));

// Text that could turn the direction of the sentence around it is isolated; plain text stays plain.
const TURNS = /[\u0590-\u08FF\u200E\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFF]/;
const isolated = (value: FluentVariable): FluentVariable => (typeof value === "string" && TURNS.test(value) ? `\u2068${value.replace(/[\u202A-\u202E\u2066-\u2069]/g, "")}\u2069` : value);

/** The sentence for `key`. A key without words shows itself, which the tests find. */
export function say(key: string, values: Record<string, FluentVariable> = {}): string {
  const pattern = bundle.getMessage(key)?.value;
  if (!pattern) return key;
  return bundle.formatPattern(pattern, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isolated(value)])), []);
}
