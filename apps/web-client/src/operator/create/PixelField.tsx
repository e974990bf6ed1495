import { Select } from '@mantine/core';
import { specAtFirst } from '@strata/fl-core/models/layouts';
import { type ImportedModel, PixelRange } from '@strata/fl-core/protocol';
import type { ConfigForm } from './form.ts';
import { saysPixels } from './pixels.ts';

const choices: readonly { readonly value: PixelRange; readonly label: string }[] = [
  { value: 'unit', label: '0 to 1 (divided by 255)' },
  { value: 'signed', label: '-1 to 1 (as MobileNet of Keras and Teachable Machine)' },
  { value: 'bytes', label: '0 to 255 (the model scales them itself)' },
];

interface PixelFieldProps {
  readonly form: ConfigForm;
  /** Gets the model with what was chosen. */
  readonly onChange: (model: ImportedModel) => void;
}

/** What pixels go into a LayersModel as: read from the file where it says so, asked where it does not. */
export function PixelField({ form, onChange }: PixelFieldProps) {
  const { model } = form.values;
  if (typeof model === 'string' || model.found?.kind !== 'layers-model') return null;
  const spec = specAtFirst(model);
  const known = saysPixels(model) && spec.architecture === 'layers-model' ? spec.pixels : null;
  return (
    <Select
      label="Pixels go in as numbers from"
      description={
        model.found.pixels === null
          ? 'The file does not say it. Choose what the model was trained with: with another range it sees other pictures.'
          : 'Read from the file.'
      }
      placeholder="Choose"
      data={[...choices]}
      value={known}
      allowDeselect={false}
      error={form.errors['model.pixels']}
      maw={420}
      mt="sm"
      data-testid="pixels"
      onChange={(value) => {
        const pixels = PixelRange.safeParse(value);
        if (pixels.success) onChange({ ...model, pixels: pixels.data });
      }}
    />
  );
}
