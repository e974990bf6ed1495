import type { SaidAnswer } from './sealed-work.ts';
import { type ClientSnapshot, maxHistory } from './snapshot.ts';

/** What a page shows of the past, newest last; each change keeps the newest {@link maxHistory}. */

type History = Pick<ClientSnapshot, 'losses' | 'accuracies' | 'curve' | 'roundsDone'>;

/** With an answer that the server has accepted. Counted once, however often it was sent. */
export function withAccepted(
  answer: SaidAnswer,
  { losses, accuracies, roundsDone }: History,
): Partial<ClientSnapshot> {
  switch (answer.kind) {
    case 'probe':
      return {};
    case 'train':
    case 'masked': {
      const { round, loss } = answer;
      // Of a head that is computed there is no loss of training.
      if (loss === null) return { roundsDone: roundsDone + 1 };
      if (losses.some((l) => l.round === round)) return {};
      return { losses: newest([...losses, { round, loss }]), roundsDone: roundsDone + 1 };
    }
    case 'evaluate': {
      const { round, accuracy, samples } = answer.message;
      if (samples === 0) return {};
      return { accuracies: newest([...accuracies.filter((a) => a.round !== round), { round, accuracy }]) };
    }
    case 'sealed': {
      if (!answer.before) return {};
      // How the model of the round before does: that is what this one started from.
      const round = answer.message.round - 1;
      const { accuracy } = answer.before;
      return { accuracies: newest([...accuracies.filter((a) => a.round !== round), { round, accuracy }]) };
    }
    default:
      return answer satisfies never;
  }
}

/** With the training loss of one more batch. */
export const withLoss = (loss: number, { curve }: History): Partial<ClientSnapshot> => ({
  curve: newest([...curve, loss]),
});

const newest = <T>(values: readonly T[]): readonly T[] => values.slice(-maxHistory);
