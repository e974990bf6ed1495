import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { UnknownName } from '../client/index.ts';
import { plural } from '../shared/texts/format.ts';
import classes from './UnknownNames.module.css';

interface UnknownNamesProps {
  readonly kind: 'image' | 'text';
  readonly names: readonly UnknownName[];
  readonly labels: readonly string[];
  /** Gets a label, or null to leave out, for every name. */
  readonly onMeanings: (meanings: ReadonlyMap<string, string | null>) => void;
}

/** Names in the data that are none of the run's labels: the person says what each means. */
export function UnknownNames({ kind, names, labels, onMeanings }: UnknownNamesProps) {
  const [said, setSaid] = useState<ReadonlyMap<string, string | null>>(new Map());
  const meaning = ({ name, suggestion }: UnknownName) => {
    const own = said.get(name);
    return own === undefined ? suggestion : own;
  };
  const thing = kind === 'image' ? 'picture' : 'text';
  return (
    <form
      className={classes.names}
      data-testid="unknown-names"
      onSubmit={(event) => {
        event.preventDefault();
        onMeanings(new Map(names.map((found) => [found.name, meaning(found)])));
      }}
    >
      <p className={classes.lead}>
        <strong>What do these names mean?</strong> They are not labels of this run, so they are left out for
        now.
      </p>
      <div className={classes.list}>
        {names.map((found) => (
          <NativeSelect
            key={found.name}
            label={found.name === '' ? `${kind === 'image' ? 'Pictures' : 'Texts'} in no folder` : found.name}
            description={`${plural(found.count, thing)}${found.within === null ? '' : `, inside a folder named like “${found.within}”`}`}
            value={meaning(found) ?? ''}
            onChange={({ currentTarget: { value } }) =>
              setSaid(new Map([...said, [found.name, value === '' ? null : value]]))
            }
            data={[
              { value: '', label: 'leave out' },
              ...labels.map((label) => ({ value: label, label: `means “${label}”` })),
            ]}
          />
        ))}
      </div>
      <Button type="submit" variant="light">
        Use these meanings
      </Button>
    </form>
  );
}
