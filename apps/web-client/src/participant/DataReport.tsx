import { IconAlertTriangle } from '@tabler/icons-react';
import type { DataSummary, Keeping } from '../client/index.ts';
import { count, plural } from '../shared/texts/format.ts';
import classes from './DataReport.module.css';
import { pictureNotes } from './picture-notes.ts';

/** Labels shown one by one; more become a line. */
const shownLabels = 12;

interface DataReportProps {
  readonly data: DataSummary;
  readonly keeping: Keeping | null;
  /** Names that the person said to leave out, and how much that is, in words; empty where there are none. */
  readonly leftOut: string;
}

/** What was found in the data: how much of each label, and what was left out and why. */
export function DataReport({ data, keeping, leftOut }: DataReportProps) {
  const most = Math.max(1, ...data.classCounts);
  const rows = data.labels
    .map((label, i) => ({ label, samples: data.classCounts[i] ?? 0 }))
    .sort((a, b) => b.samples - a.samples);
  const hidden = rows.slice(shownLabels);
  return (
    <div data-testid="data-report">
      <p className={classes.sum}>
        <strong>{amount(data)}</strong> to learn from, {count(data.heldOut)} more set aside to check the
        model.
      </p>
      {rows.length > 0 && (
        <ul className={classes.bars} aria-label="Examples of each label">
          {rows.slice(0, shownLabels).map(({ label, samples }) => (
            <li key={label} className={classes.bar}>
              <span className={classes.label} dir="auto">
                {label}
              </span>
              <span className={classes.track} aria-hidden="true">
                <span className={classes.fill} style={{ width: `${(100 * samples) / most}%` }} />
              </span>
              <span className={classes.count}>{count(samples)}</span>
            </li>
          ))}
        </ul>
      )}
      {hidden.length > 0 && (
        <p className={classes.more}>
          and {plural(hidden.length, 'more label')} with{' '}
          {count(hidden.reduce((sum, row) => sum + row.samples, 0))} examples
        </p>
      )}
      {data.content.kind === 'label-sets' && (
        <p className={classes.more}>
          An example counts for each of its labels
          {data.content.unlabelled > 0 && `; ${plural(data.content.unlabelled, 'has none', 'have none')}`}.
        </p>
      )}
      {leftOut !== '' && (
        <p className={classes.more} data-testid="left-out">
          {leftOut}
        </p>
      )}
      {data.pictures !== null &&
        pictureNotes(data.pictures).map((line) => (
          <p key={line} className={classes.more}>
            {line}
          </p>
        ))}
      {keeping !== null && (
        <p className={classes.more} data-testid="keeping">
          {keepingText[keeping]}
        </p>
      )}
      {data.problemCount > 0 && <Problems data={data} />}
    </div>
  );
}

/** How much there is to learn from. */
function amount({ samples, content }: DataSummary): string {
  switch (content.kind) {
    case 'labelled':
    case 'label-sets':
      return plural(samples, 'example');
    case 'passages':
      return `${plural(samples, 'passage')} of about ${plural(content.tokens, 'token')}`;
    default:
      return content satisfies never;
  }
}

const keepingText: Readonly<Record<Keeping, string>> = {
  kept: 'A copy stays on this device, so that you need not choose it again.',
  'no-room': 'This device has no room left to keep a copy: after a reload, choose your data again.',
  unavailable: 'This browser keeps no copy: after a reload, choose your data again.',
};

function Problems({ data: { problems, problemCount, samples } }: { data: DataSummary }) {
  return (
    <details className={classes.problems} data-testid="data-problems">
      <summary>
        <IconAlertTriangle size={16} aria-hidden="true" />
        {plural(problemCount, 'thing was', 'things were')} left out;{' '}
        {samples > 0 ? 'the rest is used' : 'nothing is left to use'}
      </summary>
      <ul>
        {problems.map(({ file, reason }) => (
          <li key={`${file}\n${reason}`}>
            <code>{file}</code> {reason}
          </li>
        ))}
        {problemCount > problems.length && <li>and {count(problemCount - problems.length)} more</li>}
      </ul>
    </details>
  );
}
