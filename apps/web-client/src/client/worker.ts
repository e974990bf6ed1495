import '../zod-config.ts';
import { type ClientSnapshot, errorBody } from '@strata/client/session';
import { Client } from '@strata/client/session/client';
import type { FromWorker, ToWorker } from './messages.ts';
import { browserPlatform } from './platform.ts';

/** The page hears of progress at most this often; the newest state always arrives. */
const postMs = 80;

const post = (message: FromWorker) => self.postMessage(message);

let client: Client | null = null;
let newest: ClientSnapshot | null = null;
let timer: ReturnType<typeof setTimeout> | null = null;

function changed(snapshot: ClientSnapshot): void {
  const { kind } = snapshot.phase;
  const begins = kind !== newest?.phase.kind;
  newest = snapshot;
  // At once: the first step of what begins may hold this thread up for many seconds.
  if (begins) postNewest();
  else timer ??= setTimeout(postNewest, postMs);
}

function postNewest(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  if (newest !== null) post({ kind: 'snapshot', snapshot: newest });
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case 'start':
      client = new Client(data.options, browserPlatform(), changed);
      void client.start();
      break;
    case 'choose':
      client?.choose(data.data);
      break;
    case 'join':
      client?.join(data.wishes);
      break;
    case 'pause':
      client?.pause(data.how);
      break;
    case 'resume':
      client?.resume();
      break;
    case 'forget':
      void client?.forget();
      break;
    case 'leave':
      void client?.leave();
      break;
    default:
      data satisfies never;
  }
});

// A defect must not leave a page that waits for ever.
function crashed(error: unknown): void {
  // A thread of tfjs that may not load throws its event, not an error; training then goes on without threads.
  if (error instanceof Error) post({ kind: 'crashed', error: errorBody(error) });
  else console.warn('A thread of the training worker could not be started.', error);
}
self.addEventListener('unhandledrejection', ({ reason }) => crashed(reason));
self.addEventListener('error', (event) => {
  // Said here, once: otherwise the page would hear of it as well, as an error of this whole worker.
  event.preventDefault();
  crashed(event.error);
});
