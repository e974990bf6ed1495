import type { StrataError } from '@strata/fl-core/protocol';
import { type FormEvent, useState } from 'react';
import { asStrataError } from '../../shared/api/api.ts';

/** A form that the server answers: whether it is on its way, and why it was refused. */
export function useSubmit(send: () => Promise<void>): {
  readonly busy: boolean;
  readonly error: StrataError | null;
  readonly submit: (event: FormEvent) => void;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<StrataError | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    send()
      .catch((caught: unknown) => setError(asStrataError(caught)))
      .finally(() => setBusy(false));
  };
  return { busy, error, submit };
}
