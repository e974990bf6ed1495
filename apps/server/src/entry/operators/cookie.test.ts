import { expect, it } from 'vitest';
import { sessionCookie, setSessionCookie } from './cookie.ts';

it('is for this server alone: no script, no other site, no plain http where the page came by https', () => {
  const line = setSessionCookie({ host: 'strata.example', origin: 'https://strata.example' }, 'the-secret');
  expect(line).toMatch(/^strata-session-default=the-secret;/);
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Secure']) expect(line).toContain(part);
  expect(line).not.toMatch(/Domain|Max-Age|Expires/);
  expect(setSessionCookie({ host: 'localhost:8080', origin: 'http://localhost:8080' }, 'x')).not.toContain(
    'Secure',
  );
  expect(setSessionCookie({ host: 'localhost:8080' }, null)).toMatch(/^strata-session-8080=;.*Max-Age=0/);
});

it('is read by the port that it was set for: servers of one machine do not log each other out', () => {
  const cookie = 'a=b; strata-session-8080=one; strata-session-8081=two';
  expect(sessionCookie({ host: 'localhost:8080', cookie })).toBe('one');
  expect(sessionCookie({ host: 'localhost:8081', cookie })).toBe('two');
  expect(sessionCookie({ host: 'localhost:8082', cookie })).toBeNull();
  expect(
    sessionCookie({ host: 'localhost:8080', cookie: `strata-session-8080=${'x'.repeat(300)}` }),
  ).toBeNull();
  expect(sessionCookie({ host: 'localhost:8080' })).toBeNull();
});
