// Placeholders appear only where loading takes long enough to be noticed.
import { useEffect, useState } from "preact/hooks";

const NOTICED = 150;

/** True once `waiting` has lasted 150 ms. */
export function useLate(waiting: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!waiting) return undefined;
    const timer = setTimeout(() => setLate(true), NOTICED);
    return () => clearTimeout(timer);
  }, [waiting]);
  return late && waiting;
}
