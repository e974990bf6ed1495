import type { Ack, ErrorBody } from '@strata/fl-core/protocol';

/** The value of a good answer; a refusal rejects with its code. T is believed: what answers hold is tested elsewhere. */
export async function accepted<T>(response: Response): Promise<T> {
  const answer = await ackOf<T>(response);
  if (answer.ok) return answer.value;
  throw new Error(answer.error.code, { cause: answer.error });
}

/** Why a request was refused; rejects where it was not. */
export async function refused(response: Response): Promise<ErrorBody> {
  const answer = await ackOf(response);
  if (!answer.ok) return answer.error;
  throw new Error(`${response.url} was not refused.`);
}

async function ackOf<T>(response: Response): Promise<Ack<T>> {
  return (await response.json()) as Ack<T>;
}

export const bytesOf = async (response: Response): Promise<Uint8Array> =>
  new Uint8Array(await response.arrayBuffer());
