import { randomBytes } from 'node:crypto';
import type { Context, Span, SpanOptions } from '@opentelemetry/api';
import { StrataError } from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { now } from '../live/clock.ts';
import { phaseSpanId, roundSpanId, traceIdOf } from './ids.ts';
import type { Attributes, TracedPhase, TracedRound, Traces } from './traces.ts';

/** How long the end of the server waits for the collector. */
const closeMs = 5_000;

export interface OtlpOptions {
  /** Where a collector takes OTLP over HTTP, without a slash at the end; `/v1/traces` is added. */
  readonly endpoint: string;
  /** Which server this is, among those that share a database. */
  readonly node: string;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/**
 * Spans, sent to a collector as OTLP/HTTP in JSON. The libraries are loaded here, by name, and nowhere else: the bundle
 * of the server would otherwise load them whether they are wanted or not.
 */
export async function otlpTraces({ endpoint, node, log }: OtlpOptions): Promise<Traces> {
  const [api, sdk, resources, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const { diag, DiagLogLevel, ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } = api;
  // What cannot be sent is dropped in the end, and would be so in silence.
  const warn = (message: string, ...details: readonly unknown[]) =>
    log.warn({ details: details.map(String) }, `traces: ${message}`);
  const quiet = () => {};
  diag.setLogger(
    { error: warn, warn, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const ids = new ChosenIds();
  const resource = resources
    .resourceFromAttributes({ 'service.name': 'strata', 'service.instance.id': node })
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const provider = new sdk.BasicTracerProvider({
    resource,
    idGenerator: ids,
    sampler: new sdk.AlwaysOnSampler(), // a part of a round is worth little
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }))],
  });
  const tracer = provider.getTracer('strata');

  /** The context of a span that ends later, here or elsewhere. */
  const below = (round: Pick<TracedPhase, 'run' | 'round'>, spanId: string): Context =>
    trace.setSpanContext(ROOT_CONTEXT, {
      traceId: traceIdOf(round),
      spanId,
      traceFlags: TraceFlags.SAMPLED,
    });
  const begin = (
    phase: TracedPhase,
    name: string,
    attributes: Attributes,
    startTime: number,
    id: string | null,
    parent: Context,
  ): Span => {
    const { run, round } = phase;
    const of: Attributes = { 'strata.run': run, 'strata.round': round, 'strata.phase': phase.phase };
    const options: SpanOptions = { startTime, attributes: plain({ ...of, ...attributes }) };
    return ids.with({ trace: traceIdOf(phase), span: id }, () => tracer.startSpan(name, options, parent));
  };

  const moved = (before: TracedRound, after: TracedRound, attributes: Attributes): void => {
    if (before.phase === after.phase) return;
    const opened = before.openedAt.getTime();
    const ended = after.began[after.phase] ?? after.closedAt?.getTime() ?? now();
    const began = before.began[before.phase] ?? opened;
    const failed = after.phase === 'abandoned';
    const status = { code: SpanStatusCode.ERROR, message: after.reason };
    const phase = begin(
      before,
      before.phase,
      attributes,
      began,
      phaseSpanId(before),
      below(before, roundSpanId(before)),
    );
    if (failed) phase.setStatus(status);
    phase.end(ended);
    if (after.closedAt === null) return;
    const round = begin(after, 'round', attributes, opened, roundSpanId(after), ROOT_CONTEXT);
    if (failed) round.setStatus(status);
    round.end(ended);
  };

  return {
    within: async (phase, name, attributes, work) => {
      const span = begin(phase, name, attributes, now(), null, below(phase, phaseSpanId(phase)));
      try {
        return await work((more) => {
          span.setAttributes(plain(more));
        });
      } catch (error) {
        // A refusal is told by its code; what an error of another kind says may be about anything.
        const message = error instanceof StrataError ? error.code : 'internal';
        span.setStatus({ code: SpanStatusCode.ERROR, message });
        throw error;
      } finally {
        span.end(now());
      }
    },
    moved,
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeMs);
      });
      const sent = provider
        .shutdown()
        .catch((error: unknown) => warn('the last ones could not be sent', error));
      await Promise.race([sent, late]);
      clearTimeout(timer);
    },
  };
}

/** The library takes lists that may be changed. */
const plain = (attributes: Attributes): Record<string, string | number | string[]> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );

/** Gives the next span the ids that it is to have; the others are drawn. */
class ChosenIds {
  #next: { readonly trace: string; readonly span: string | null } | null = null;

  with<T>(ids: { readonly trace: string; readonly span: string | null }, begin: () => T): T {
    this.#next = ids;
    try {
      return begin();
    } finally {
      this.#next = null;
    }
  }

  generateTraceId(): string {
    return this.#next?.trace ?? randomBytes(16).toString('hex');
  }

  generateSpanId(): string {
    return this.#next?.span ?? randomBytes(8).toString('hex');
  }
}
