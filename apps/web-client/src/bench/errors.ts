import { type ErrorBody, StrataError } from '@strata/fl-core/protocol';

/** What ended a measurement, as the page shows it. */
export function crashOf(error: unknown): ErrorBody {
  const hint = 'What was measured before is kept. Reload the page, or measure the small size.';
  if (error instanceof StrataError) {
    // Training has the processor to fall back to, and its hints say so; a measurement of the graphics card has not.
    return { ...error.toBody(), hint: error.hint.includes('?backend=') ? hint : error.hint };
  }
  const message = error instanceof Error ? error.message : String(error ?? '');
  return { code: 'internal', message: message.slice(0, 2000) || 'The measurement stopped.', hint };
}
