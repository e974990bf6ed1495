import { once } from 'node:events';
import { createServer } from 'node:http';
import { protocolVersion } from '@strata/fl-core/protocol';
import { expect, test } from './test.ts';

/** What a page of another site can do with the server, in a real browser. */

test('a page of another site cannot join a run, even with its link', async ({ world }) => {
  const run = await world.startRun();
  const { joinKey: key } = await world.api.run(run);
  const elsewhere = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>elsewhere</title>');
  });
  await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
  const address = elsewhere.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const auth = { protocol: protocolVersion, run, client: 'drive-by', secret: 'a'.repeat(64), key };
  /** Speaks Socket.IO by hand; tells how far it came. */
  const tryToJoin = ({ url, packet }: { url: string; packet: string }) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
      socket.onerror = () => resolve('refused');
      socket.onclose = () => resolve('closed');
      socket.onmessage = ({ data }) => {
        if (String(data).startsWith('0')) socket.send(packet);
        else if (String(data).startsWith('40/clients')) resolve('joined');
        else if (String(data).startsWith('44/clients')) resolve(String(data));
      };
    });
  const attempt = { url: world.server.url, packet: `40/clients,${JSON.stringify(auth)}` };
  try {
    const page = await world.browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    expect(await page.evaluate(tryToJoin, attempt)).toBe('refused');
    const posted = await page.evaluate(
      (url) =>
        fetch(`${url}/api/public/runs`, { method: 'GET' }).then(
          () => 'read',
          () => 'nothing',
        ),
      world.server.url,
    );
    expect(posted).toBe('nothing');
    // The same words from the server's own page: it was the page that was refused.
    await page.goto(`${world.server.url}/bench`);
    expect(await page.evaluate(tryToJoin, attempt)).toBe('joined');
    await page.close();
  } finally {
    elsewhere.close();
  }
});
