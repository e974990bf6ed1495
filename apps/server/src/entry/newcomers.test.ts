import { describe, expect, it } from 'vitest';
import { Newcomers } from './newcomers.ts';

const crowd = (perAddress: number, seats: number) =>
  new Newcomers({ participantsPerAddress: perAddress, clientsPerRun: seats });

describe('those who have not answered yet', () => {
  it('give way, the newest of the fullest address first, to who comes from elsewhere', () => {
    const newcomers = crowd(10, 6);
    for (let i = 0; i < 6; i++) expect(newcomers.enter('r', `s${i}`, 'sybil')).toBeNull();
    expect(newcomers.enter('r', 'a', 'school')).toBe('s5');
    expect(newcomers.enter('r', 'b', 'school')).toBe('s4');
    expect(newcomers.enter('r', 'c', 'home')).toBe('s3');
    expect(newcomers.addressOf('r', 's3')).toBeNull();
    expect(newcomers.addressOf('r', 'b')).toBe('school');
    // Three of sybil, two of school: another of either would have to give way itself.
    expect(() => newcomers.enter('r', 's9', 'sybil')).toThrow('not taken part');
    expect(() => newcomers.enter('r', 'd', 'school')).toThrow('not taken part');
  });

  it('are bounded an address', () => {
    const newcomers = crowd(2, 100);
    newcomers.enter('r', 'a', 'x');
    newcomers.enter('r', 'b', 'x');
    expect(() => newcomers.enter('r', 'c', 'x')).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(newcomers.enter('other', 'c', 'x')).toBeNull();
    newcomers.leave('r', 'a');
    expect(newcomers.enter('r', 'c', 'x')).toBeNull();
  });

  it('may come back, from another address, too', () => {
    const newcomers = crowd(2, 2);
    newcomers.enter('r', 'a', 'x');
    expect(newcomers.enter('r', 'a', 'x')).toBeNull();
    expect(newcomers.enter('r', 'a', 'y')).toBeNull();
    expect(newcomers.addressOf('r', 'a')).toBe('y');
    expect(newcomers.enter('r', 'b', 'y')).toBeNull();
  });

  it('of two servers are counted by both, and who gives way does so at both', () => {
    const limits = { participantsPerAddress: 9, clientsPerRun: 3 };
    const one: Newcomers = new Newcomers(limits, (...told) => two.hear(...told));
    const two: Newcomers = new Newcomers(limits, (...told) => one.hear(...told));
    one.enter('r', 's1', 'sybil');
    two.enter('r', 's2', 'sybil');
    one.enter('r', 's3', 'sybil');
    expect(two.enter('r', 'a', 'school')).toBe('s3');
    for (const at of [one, two]) {
      expect([at.addressOf('r', 's3'), at.addressOf('r', 'a')]).toEqual([null, 'school']);
    }
    expect(() => one.enter('r', 's4', 'sybil')).toThrow('not taken part');
    two.leave('r', 's1');
    expect(one.enter('r', 's4', 'school')).toBeNull();
    // What was not heard must not cost a client its seat.
    expect([one.maybeNew('r', 'x'), new Newcomers(limits).maybeNew('r', 'x')]).toEqual([true, false]);
  });
});
