import { setTimeout } from 'node:timers/promises';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { CallTrace } from './call-trace.ts';

/** Milliseconds that the end of the daemon waits for a collector. */
const patience = 2000;

/**
 * Sends what calls did to a collector, as OpenTelemetry's environment variables say (OTEL_EXPORTER_OTLP_*, OTEL_SERVICE_NAME, …): each call a span below the
 * caller's (W3C Trace Context), with spans for its phases below. In batches from the main thread: no call waits for it, and what a collector does not
 * take is dropped. Loaded only where it is wanted.
 */
export class Traces {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #propagator = new W3CTraceContextPropagator();

  constructor(version: string) {
    const own = resourceFromAttributes({ 'service.name': 'bulkhead', 'service.version': version });
    // Of the environment: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES.
    const operators = detectResources({ detectors: [envDetector] });
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(own).merge(operators),
      // A caller that is not sampled is not traced here either.
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 1000 })],
    });
    this.#tracer = this.#provider.getTracer('bulkhead', version);
  }

  record({ name, traceparent, tracestate, began, ended, attributes, error, spans }: CallTrace): void {
    const carrier = { traceparent, tracestate };
    const get = (from: typeof carrier, key: string) => (key in from ? from[key as keyof typeof carrier] : undefined);
    const parent = this.#propagator.extract(ROOT_CONTEXT, carrier, { keys: Object.keys, get });
    const call = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: began, attributes }, parent);
    const contexts = [trace.setSpan(parent, call)];
    for (const { name: phase, start, end, parent: above } of spans) {
      const context = contexts[above + 1] ?? ROOT_CONTEXT;
      const span = this.#tracer.startSpan(phase, { startTime: start }, context);
      contexts.push(trace.setSpan(context, span));
      span.end(end);
    }
    if (error !== undefined) call.setStatus({ code: SpanStatusCode.ERROR, message: error });
    call.end(ended);
  }

  /** Sends what is left, where somebody takes it soon. */
  async stop(): Promise<void> {
    const sent = this.#provider.shutdown().catch(() => undefined);
    await Promise.race([sent, setTimeout(patience, undefined, { ref: false })]);
  }
}
