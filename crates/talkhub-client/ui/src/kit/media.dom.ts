// Whether the screen is of a kind, followed while it changes.
import { useEffect, useState } from "preact/hooks";

/** One pane instead of two; the same bound as in the styles. */
export const PHONE = "(max-width: 639px)";

export function useMedia(query: string): boolean {
  const [fits, setFits] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const look = (): void => setFits(media.matches);
    look();
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, [query]);
  return fits;
}
