/** What one call did and when, in milliseconds since the epoch. */
export interface CallTrace {
  /** `ADD bridge` */
  readonly name: string;
  /** As the caller gave them (W3C Trace Context). */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly began: number;
  readonly ended: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Undefined where it ended well. */
  readonly error: string | undefined;
  readonly spans: readonly PhaseSpan[];
}

/** One phase of it. Those that a phase is part of come before it. */
export interface PhaseSpan {
  /** `load bridge`, `guest bridge`, `bulkhead:net/link-control.create` */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Its place among the spans; -1 for the call itself. */
  readonly parent: number;
}

/** Whether the environment says where traces go (OpenTelemetry's specification of exporters). */
export function wantsTraces({
  OTEL_EXPORTER_OTLP_ENDPOINT: all,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces,
  OTEL_SDK_DISABLED: disabled,
}: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(all || traces) && disabled !== 'true';
}
