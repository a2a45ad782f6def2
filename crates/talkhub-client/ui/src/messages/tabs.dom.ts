// Which tabs of this browser are alive, so that the messages of a tab that is gone are sent by another one.
const LOCK = "talkhub-tab-";
const CHANNEL = "talkhub-tabs";
/** How long a living tab may take to answer where there are no Web Locks (plain http). */
const ANSWER_WITHIN = 700;

/** This tab. Made anew with every load: a reloaded tab takes over from itself. */
export const tabName = Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("");

const locks: LockManager | undefined = navigator.locks;
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);

/** Shows the other tabs that this one lives, as long as it does. */
export function announce(): void {
  void locks?.request(LOCK + tabName, () => new Promise(() => undefined));
  channel?.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.data === `ask ${tabName}`) channel.postMessage(`here ${tabName}`);
  });
}

/** Those of `names` that no living tab bears. Taking over one that lives would do no harm: ids make it one message. */
export async function gone(names: ReadonlySet<string>): Promise<Set<string>> {
  const others = [...names].filter((name) => name !== tabName);
  if (others.length === 0) return new Set();
  if (locks) {
    const held = await locks.query();
    const alive = new Set((held.held ?? []).map((lock) => lock.name));
    return new Set(others.filter((name) => !alive.has(LOCK + name)));
  }
  const silent = new Set(others);
  const hear = (event: MessageEvent<unknown>): void => {
    if (typeof event.data === "string" && event.data.startsWith("here ")) silent.delete(event.data.slice(5));
  };
  channel?.addEventListener("message", hear);
  for (const name of others) channel?.postMessage(`ask ${name}`);
  await new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN));
  channel?.removeEventListener("message", hear);
  return silent;
}
