import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Bytes of an upload that are passed on before it stalls. */
const stallAfter = 4096;

interface Way {
  readonly port: number;
  readonly client: Socket;
  /** Of what the client sends, passed on so far. */
  passed: number;
  stalled: boolean;
}

/** What stands in front of nodes: each connection goes to the next of them. */
export class Balancer {
  readonly url: string;
  readonly #ports: readonly number[];
  readonly #close: () => Promise<void>;
  readonly #ways = new Set<Way>();
  readonly #avoided = new Set<number>();
  #next = 0;
  /** Uploads stop half-way until {@link release}. */
  stalls = false;

  private constructor(url: string, ports: readonly number[], close: () => Promise<void>) {
    this.url = url;
    this.#ports = ports;
    this.#close = close;
  }

  static async before(ports: readonly number[]): Promise<Balancer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The balancer has no port.');
    const balancer = new Balancer(`http://127.0.0.1:${address.port}`, ports, async () => {
      const closed = once(server, 'close');
      server.close();
      for (const { client } of balancer.#ways) client.destroy();
      await closed;
    });
    server.on('connection', (client) => balancer.#pass(client));
    return balancer;
  }

  /** Nothing goes there any more, and what went there breaks off: what a failed health check does. */
  avoid(port: number): void {
    this.#avoided.add(port);
    for (const way of this.#ways) if (way.port === port) way.client.destroy();
  }

  use(port: number): void {
    this.#avoided.delete(port);
  }

  /** Ports of the nodes that stand half-way in an upload. */
  get stalled(): number[] {
    return [...this.#ways].filter((way) => way.stalled).map((way) => way.port);
  }

  /** Uploads go on. */
  release(): void {
    this.stalls = false;
    for (const way of this.#ways) {
      way.stalled = false;
      way.client.resume();
    }
  }

  close(): Promise<void> {
    return this.#close();
  }

  #pass(client: Socket): void {
    const ports = this.#ports.filter((port) => !this.#avoided.has(port));
    const port = ports[this.#next++ % ports.length];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const node = connect(port, '127.0.0.1');
    const way: Way = { port, client, passed: 0, stalled: false };
    this.#ways.add(way);
    let upload = false;
    client.on('data', (data) => {
      upload ||= data.subarray(0, 4).toString('latin1') === 'PUT ';
      way.passed += data.byteLength;
      const over = upload && this.stalls && way.passed > stallAfter;
      // The last bytes are kept back, so that the node waits for them.
      if (over && !way.stalled) {
        way.stalled = true;
        client.pause();
        client.unshift(data.subarray(data.byteLength - 64));
        way.passed -= 64;
        node.write(data.subarray(0, data.byteLength - 64));
        return;
      }
      node.write(data);
    });
    node.pipe(client);
    client.on('error', () => {});
    node.on('error', () => client.destroy());
    client.on('close', () => {
      this.#ways.delete(way);
      node.destroy();
    });
    node.on('close', () => client.destroy());
  }
}
