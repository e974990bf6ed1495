import type { ClientHandle, ClientSnapshot } from '../client/index.ts';
import { bytes, count, percent, seconds } from '../shared/texts/format.ts';
import { countedTitle, metricText } from '../shared/texts/metric-text.ts';
import { epsilonText } from '../shared/texts/privacy-text.ts';
import { Card } from './Card.tsx';
import { secondsLeft } from './estimates.ts';
import { Facts } from './Facts.tsx';
import { LayerStack } from './LayerStack.tsx';
import classes from './Live.module.css';
import { LossCurve } from './LossCurve.tsx';
import { Status } from './Status.tsx';

/** Taking part: what happens now, the own curve, the own picture of the model. */
export default function Live({ handle, snapshot }: { handle: ClientHandle; snapshot: ClientSnapshot }) {
  return (
    <div className={classes.columns}>
      <Status handle={handle} snapshot={snapshot} />
      <div className={classes.aside}>
        <LayerStack layers={snapshot.layers} scores={snapshot.scores} mask={snapshot.mask} />
      </div>
      <LossCurve curve={snapshot.curve} />
      <Contribution snapshot={snapshot} />
      {snapshot.standing !== null && <Spent {...snapshot.standing} />}
      {snapshot.met !== null && <Met {...snapshot.met} />}
    </div>
  );
}

/** Who takes part, so that people can compare it. */
function Met({ round, words }: NonNullable<ClientSnapshot['met']>) {
  return (
    <Card title="Who takes part" testId="met">
      <p className={classes.words}>{words}</p>
      <p className={classes.note}>
        These twelve words stand for the participants of round {round} and their keys. On the screens of all
        of them they are the same: read them to each other where you want to be sure that nobody was shown
        somebody else.
      </p>
    </Card>
  );
}

/** What of the protection of each sample is used up. */
function Spent({
  epsilon,
  promised,
  delta,
  noise,
  sampling,
  steps,
  skipped,
  kept,
  concern,
}: NonNullable<ClientSnapshot['standing']>) {
  const facts = [
    ['Used up', `ε ${epsilon.toFixed(2)} of ${epsilonText(promised)}`],
    ['δ', String(delta)],
    ['Steps', count(steps)],
    ['Samples in a step', `${percent(sampling, 1)}, drawn in secret`],
    ['Noise', `${Number(noise.toPrecision(3))} times the longest gradient`],
  ] as const;
  return (
    <Card title="Protection of each sample" testId="spent">
      <Facts facts={facts} />
      {concern !== null && <p className={classes.note}>{concern}</p>}
      {skipped > 0 && (
        <p className={classes.note}>
          {count(skipped)} times a sample gave numbers that are not finite, and counted as nothing. Nobody is
          told; where it is many, the run’s learning rate is too high.
        </p>
      )}
      {kept === false && (
        <p className={classes.note}>
          This browser keeps nothing: after a reload it would not know what was used up before. Take part
          once, from a browser that keeps data of pages.
        </p>
      )}
    </Card>
  );
}

/** Whether nobody asks this device how models do on its data, so that it never looks. */
const triesNothing = ({ privacy }: NonNullable<ClientSnapshot['run']>): boolean =>
  privacy.kind === 'sample' || (privacy.kind === 'client' && privacy.figures.kind === 'withheld');

/** What this device has done so far, in numbers. */
function Contribution({ snapshot }: { snapshot: ClientSnapshot }) {
  const task = snapshot.run?.task.name ?? 'classification';
  const left = snapshot.run === null ? null : secondsLeft(snapshot.run);
  const accuracy = snapshot.accuracies.at(-1)?.accuracy;
  const facts = [
    ['Rounds you helped', count(snapshot.roundsDone)],
    ...(snapshot.run !== null && triesNothing(snapshot.run)
      ? []
      : [[metricText(task).own, accuracy === undefined ? 'not yet known' : percent(accuracy, 0)] as const]),
    [countedTitle(task), count(snapshot.data?.samples ?? 0)],
    ['Downloaded', bytes(snapshot.bytesDown)],
    ['Sent', bytes(snapshot.bytesUp)],
    ['Time left', left === null ? 'not yet known' : `about ${seconds(left)}`],
    ['Runs on', deviceName(snapshot)],
    ...(snapshot.signingKey === null
      ? []
      : [['Signs with the key', `${snapshot.signingKey.slice(0, 16)}…`] as const]),
  ] as const;
  return (
    <Card title="Your part so far" testId="contribution">
      <Facts facts={facts} />
    </Card>
  );
}

function deviceName({ device }: ClientSnapshot): string {
  if (device === null) return '';
  return { webgpu: 'graphics chip', wasm: 'processor', cpu: 'processor, slowly' }[device.backend];
}
