// Addresses of the chat page and what they show.
import { parseUserId, type UserId } from "../relay/ids.std";

export type Route = { kind: "home" } | { kind: "person"; user: UserId } | { kind: "unknown"; text: string };

/** What a path shows. A user ID may stand there with spaces, as people copy it. */
export function routeOf(path: string): Route {
  if (path === "/" || path === "/chat" || path === "/chat/") return { kind: "home" };
  const found = /^\/chat\/([^/]+)\/?$/.exec(path);
  if (!found) return { kind: "unknown", text: path };
  const text = decoded(found[1] ?? "");
  const user = parseUserId(text);
  return user ? { kind: "person", user } : { kind: "unknown", text };
}

export const pathOf = (user: UserId): string => `/chat/${user}/`;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
