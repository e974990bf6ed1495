import { Sparkline } from '../shared/components/Sparkline.tsx';
import { fitted } from '../shared/components/sparkline.ts';
import { Card } from './Card.tsx';
import classes from './LossCurve.module.css';

/** How wrong the model is on the own data, batch by batch. */
export function LossCurve({ curve }: { curve: readonly number[] }) {
  const [first, last] = [curve[0], curve.at(-1)];
  return (
    <Card
      title="How wrong the model is on your data"
      testId="loss"
      aside={
        first !== undefined &&
        last !== undefined && (
          <span className={classes.now}>
            <span className={classes.first}>{first.toFixed(2)} →</span> {last.toFixed(2)}
          </span>
        )
      }
    >
      {first === undefined || last === undefined ? (
        <p className={classes.empty}>The line begins with the first training. Lower is better.</p>
      ) : (
        <>
          <Sparkline
            size="column"
            values={fitted(curve)}
            label={`Training loss: ${first.toFixed(2)} at first, ${last.toFixed(2)} now`}
          />
          <p className={classes.empty}>Training loss, batch by batch. Lower is better.</p>
        </>
      )}
    </Card>
  );
}
