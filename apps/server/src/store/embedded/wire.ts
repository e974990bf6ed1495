/**
 * The few facts of the PostgreSQL frontend/backend protocol 3.0 that sharing one session needs: where messages
 * begin and end, which text they run, and the session's state after an answer.
 * Source: https://www.postgresql.org/docs/17/protocol-message-formats.html
 */

/** State that `ReadyForQuery` reports: idle, in a transaction, in a failed transaction. */
export type SessionState = 'idle' | 'transaction' | 'failed';

/** What a connection sends in one go: nothing in it may be interleaved with another connection's messages. */
export type Batch =
  | { readonly kind: 'startup'; readonly bytes: Buffer }
  | { readonly kind: 'messages'; readonly bytes: Buffer; readonly statements: readonly string[] }
  | { readonly kind: 'terminate' };

const QUERY = 0x51; // Q
const PARSE = 0x50; // P
const SYNC = 0x53; // S
const FLUSH = 0x48; // H
const TERMINATE = 0x58; // X
const READY_FOR_QUERY = 0x5a; // Z
const NOTIFICATION_RESPONSE = 0x41; // A
const COMMAND_COMPLETE = 0x43; // C

/** Type byte and length, which counts itself but not the type byte. */
const HEADER_BYTES = 5;

/** Cuts what a client writes into batches that end where the client waits for an answer. */
export class BatchReader {
  #unread: Buffer = Buffer.alloc(0);
  #started = false;

  /** Takes the next bytes; returns the batches they complete. Throws on a named prepared statement. */
  read(chunk: Uint8Array): Batch[] {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    const batches: Batch[] = [];
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) batches.push(batch);
    return batches;
  }

  #next(): Batch | undefined {
    if (!this.#started) {
      // The startup message alone has no type byte.
      if (this.#unread.length < 4) return undefined;
      const length = this.#unread.readUInt32BE(0);
      if (this.#unread.length < length) return undefined;
      this.#started = true;
      return { kind: 'startup', bytes: this.#take(length) };
    }
    const statements: string[] = [];
    let end = 0;
    while (end + HEADER_BYTES <= this.#unread.length) {
      const type = this.#unread[end];
      const body = end + HEADER_BYTES;
      end += 1 + this.#unread.readUInt32BE(end + 1);
      if (end > this.#unread.length) return undefined;
      if (type === TERMINATE) {
        this.#take(end);
        return { kind: 'terminate' };
      }
      if (type === QUERY) statements.push(cString(this.#unread, body));
      if (type === PARSE) {
        const name = cString(this.#unread, body);
        if (name !== '') {
          throw new Error(`named prepared statement ${name}: the embedded database runs unnamed ones only`);
        }
        statements.push(cString(this.#unread, body + 1));
      }
      if (type === QUERY || type === SYNC || type === FLUSH) {
        return { kind: 'messages', bytes: this.#take(end), statements };
      }
    }
    return undefined;
  }

  #take(bytes: number): Buffer {
    const taken = this.#unread.subarray(0, bytes);
    this.#unread = this.#unread.subarray(bytes);
    return taken;
  }
}

export interface Notification {
  readonly channel: string;
  /** The whole NotificationResponse message. */
  readonly message: Buffer;
}

export interface Answer {
  /** Everything but the notifications, which belong to whoever listens. */
  readonly bytes: Buffer;
  readonly notifications: readonly Notification[];
  /** From the last ReadyForQuery; absent when the answer has none (after Flush). */
  readonly state?: SessionState;
}

/** Takes the session's answer apart. */
export function readAnswer(output: Buffer): Answer {
  const kept: Buffer[] = [];
  const notifications: Notification[] = [];
  let state: SessionState | undefined;
  for (let start = 0; start < output.length; ) {
    const end = start + 1 + output.readUInt32BE(start + 1);
    const message = output.subarray(start, end);
    const body = start + HEADER_BYTES;
    if (output[start] === NOTIFICATION_RESPONSE) {
      notifications.push({ channel: cString(output, body + 4), message }); // after the process id
    } else {
      kept.push(message);
    }
    if (output[start] === READY_FOR_QUERY) state = stateOf(output[body]);
    start = end;
  }
  return { bytes: Buffer.concat(kept), notifications, ...(state && { state }) };
}

function stateOf(status: number | undefined): SessionState {
  switch (status) {
    case 0x49: // I
      return 'idle';
    case 0x54: // T
      return 'transaction';
    case 0x45: // E
      return 'failed';
    default:
      throw new Error(`ReadyForQuery with status ${status}`);
  }
}

/** The simple-query message for `sql`. */
export function query(sql: string): Buffer {
  return message(QUERY, Buffer.from(`${sql}\0`));
}

/** What a server answers to a utility command that returned nothing. */
export function commandComplete(tag: string, state: SessionState): Buffer {
  const status = { idle: 'I', transaction: 'T', failed: 'E' }[state];
  return Buffer.concat([
    message(COMMAND_COMPLETE, Buffer.from(`${tag}\0`)),
    message(READY_FOR_QUERY, Buffer.from(status)),
  ]);
}

function message(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = type;
  header.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([header, body]);
}

function cString(bytes: Buffer, start: number): string {
  return bytes.toString('utf8', start, bytes.indexOf(0, start));
}
