// For the `default` of a switch that must handle every kind.

/** The compiler refuses the call while a kind is left; at run time the value passes through unchanged. */
export function never(rest: never): never {
  throw new Error(`an unexpected kind: ${JSON.stringify(rest)}`);
}
