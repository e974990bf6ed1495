import type { Page } from '@playwright/test';

/** Hands a task to a fresh worker of the page that {@link openHost} serves; throws what it throws. */
export async function runWorker<WorkerTask, Outcome>(page: Page, task: WorkerTask): Promise<Outcome> {
  const message = await page.evaluate(
    (t: unknown) =>
      new Promise<{ outcome?: unknown; error?: string }>((resolve) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => {
          worker.terminate();
          resolve(data);
        };
        worker.onerror = ({ message }) => resolve({ error: message });
        worker.postMessage(t);
      }),
    task,
  );
  if (message.outcome === undefined) throw new Error(message.error);
  return message.outcome as Outcome;
}
