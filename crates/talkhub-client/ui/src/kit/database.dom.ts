// One table of this browser's IndexedDB, with rows that belong to a person. Where it is refused the caller goes on in memory.
import type { UserId } from "../relay/wire.gen.std";
import { decoded } from "./fields.std";

export interface Table<Row> {
  load(user: UserId): Promise<Row[]>;
  /** `relaxed` where losing it to a power cut would only cost a question. */
  put(row: Row, durability?: "strict" | "relaxed"): Promise<void>;
  remove(keys: readonly IDBValidKey[]): Promise<void>;
  /** Changes rows with nobody in between, so that of several tabs one does it: what `change` gives for each key, where it gives anything. */
  change(keys: readonly IDBValidKey[], change: (row: Row) => Row | null): Promise<Row[]>;
}

/** Opens the database `name` with its one table; rows have a field `user`. Rejects where the browser refuses storage. */
export async function openTable<Row>(factory: IDBFactory, name: string, table: string, keyPath: string | string[], read: (input: unknown) => Row): Promise<Table<Row>> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const asked = factory.open(name, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(table, { keyPath }).createIndex("user", "user");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("it is held by an older page"));
  });
  database.onversionchange = () => database.close();
  const write = (act: (store: IDBObjectStore) => void, durability: "strict" | "relaxed" = "strict"): Promise<void> =>
    new Promise((resolve, reject) => {
      // Strict: a message counts as kept only when it is on disk.
      const transaction = database.transaction(table, "readwrite", { durability });
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
      act(transaction.objectStore(table));
    });
  return {
    load: (user) =>
      new Promise((resolve, reject) => {
        const asked = database.transaction(table, "readonly").objectStore(table).index("user").getAll(user);
        // What lies in the browser's storage is outside too: it is read like anything from a wire.
        asked.onsuccess = () => resolve(asked.result.flatMap((row: unknown) => decoded(read, row) ?? []));
        asked.onerror = () => reject(asked.error);
      }),
    put: (row, durability) => write((store) => store.put(row), durability),
    remove: async (keys) => {
      if (keys.length !== 0) await write((store) => keys.forEach((key) => store.delete(key)));
    },
    change: async (keys, change) => {
      const changed: Row[] = [];
      await write((store) =>
        keys.forEach((key) => {
          const asked = store.get(key);
          asked.onsuccess = () => {
            const row = decoded(read, asked.result);
            const after = row === null ? null : change(row);
            if (after === null) return;
            changed.push(after);
            store.put(after);
          };
        }),
      );
      return changed;
    },
  };
}
