import { describe, expect, it } from 'vitest';
import { parseEndpointList } from '../../src/endpoint-list.ts';

const brief = (text: string): string[] =>
  parseEndpointList(text).map((it) => `${it.id} ${it.host} ${it.port} ${it.weight} ${it.health}`);

describe('a list of endpoints', () => {
  it.each([
    ['YAML', '- 10.0.0.7:80\n- { address: "[::1]:81", weight: 3, id: db-2 }\n'],
    ['JSON', '["10.0.0.7:80", {"address": "[::1]:81", "weight": 3, "id": "db-2"}]'],
    ['YAML in brackets', '[ 10.0.0.7:80, { address: "[::1]:81", weight: 3, id: db-2 } ]'],
  ])('may be written as %s', (_kind, text) => {
    expect(brief(text)).toEqual(['10.0.0.7:80 10.0.0.7 80 1 up', 'db-2 ::1 81 3 up']);
  });

  it('may say that an endpoint is not up', () => {
    const [endpoint] = parseEndpointList('- { address: db.example.org:5432, health: draining }');
    expect(endpoint).toMatchObject({
      id: 'db.example.org:5432',
      health: 'draining',
      healthReason: 'listed as draining',
    });
  });

  it('may be empty when it says so', () => {
    expect(parseEndpointList('[]')).toEqual([]);
  });
});

describe('what is no list of endpoints is told in one line', () => {
  it.each([
    ['nothing', ''],
    ['a comment', '# nothing yet\n'],
    ['a mapping', 'a: 1'],
    ['half an entry', '- 10.0.0.7:80\n- { address: 10.0'],
    ['a port too many', '- 10.0.0.7:80\n- 10.0.0.8:99999'],
    ['port 0', '- 10.0.0.7:0'],
    ['an unknown key', '- { address: "10.0.0.7:80", wieght: 3 }'],
    ['a weight too large', '- { address: "10.0.0.7:80", weight: 65536 }'],
    ['an unknown health', '- { address: "10.0.0.7:80", health: fine }'],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((n, i) => `${n}: &${n} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
        .join('\n')}`,
    ],
  ])('%s', (_what, text) => {
    expect(() => parseEndpointList(text)).toThrow(/^[^\n]{5,}$/);
  });

  it('with the place of what is wrong', () => {
    expect(() => parseEndpointList('- 10.0.0.7:80\n- 10.0.0.8')).toThrow(/^1: must be host:port/);
    expect(() => parseEndpointList('- { address: "10.0.0.7:80", weight: -1 }')).toThrow(
      /^0\.weight: must be a whole number/,
    );
  });
});
