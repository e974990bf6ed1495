import { PasswordInput, type PasswordInputProps, TextInput, type TextInputProps } from '@mantine/core';
import { passwordHint } from './rules.ts';

interface Typed {
  readonly value: string;
  readonly onType: (text: string) => void;
}

/** The name of an account. */
export const NameInput = ({
  value,
  onType,
  ...rest
}: Typed & Omit<TextInputProps, 'value' | 'onChange' | 'label'>) => (
  <TextInput
    label="Name"
    autoComplete="username"
    autoCapitalize="none"
    spellCheck={false}
    {...rest}
    value={value}
    onChange={(event) => onType(event.currentTarget.value)}
  />
);

/** A password that is chosen, with the rule that it follows. */
export const NewPasswordInput = ({
  value,
  onType,
  ...rest
}: Typed & Omit<PasswordInputProps, 'value' | 'onChange'>) => (
  <PasswordInput
    description={passwordHint}
    autoComplete="new-password"
    {...rest}
    value={value}
    onChange={(event) => onType(event.currentTarget.value)}
  />
);
