import { describe, expect, test } from 'vitest';
import { MAX_POINTER_STEPS, parseJsonPointer } from '../../src/json-pointer.ts';

describe('a JSON pointer', () => {
  test.each([
    ['/user', ['user']],
    ['/user/id', ['user', 'id']],
    ['/', ['']],
    ['//', ['', '']],
    ['/items/0', ['items', '0']],
    ['/a~1b', ['a/b']],
    ['/m~0n', ['m~n']],
    ['/~01', ['~1']],
    ['/__proto__/constructor', ['__proto__', 'constructor']],
    ['/ключ', ['ключ']],
    ['/ ', [' ']],
    ['/a"b\\c%41', ['a"b\\c%41']],
  ])('%j leads along %j', (pointer, steps) => {
    expect(parseJsonPointer(pointer)).toEqual(steps);
  });

  test.each(['', 'user', 'user/id', '#/user', '/a~', '/a~2', '/~~0', ' /user', '$.user'])('%j is none', (pointer) => {
    expect(parseJsonPointer(pointer)).toBeUndefined();
  });

  test('has a bounded number of steps', () => {
    expect(parseJsonPointer('/a'.repeat(MAX_POINTER_STEPS))).toHaveLength(MAX_POINTER_STEPS);
    expect(parseJsonPointer('/a'.repeat(MAX_POINTER_STEPS + 1))).toBeUndefined();
  });
});
