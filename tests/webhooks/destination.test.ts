import { describe, expect, test } from 'vitest';
import { CALLBACK_URL_CHARS_MAX } from '../../src/limits.ts';
import { createDestinationRule } from '../../src/webhooks/destination.ts';

const rule = createDestinationRule([]);
const NOT_ALLOWED = { ok: false, refused: 'address_not_allowed' };
const INVALID = { ok: false, refused: 'url_invalid' };

describe('a callback URL at submission', () => {
  test.each([
    'http://127.0.0.1/', 'http://127.0.0.1./', 'http://127.1/', 'http://2130706433/', 'http://0x7f.1/', 'http://0X7F000001/',
    'http://017700000001/', 'http://0177.0.0.1/', 'http://127.0.0.1:9000/', 'http://%31%32%37.0.0.1/', 'http://１２７.0.0.1/',
    'http://①27.0.0.1/', 'http:127.0.0.1', 'http:\\\\127.0.0.1\\', 'http://0/', 'http://0.0.0.0/', 'http://localhost/',
    'http://LOCALHOST/', 'http://localhost./', 'http://a.b.localhost/', 'https://localhost:8443/',
    'http://[::1]/', 'http://[0:0:0:0:0:0:0:1]/', 'http://[::]/', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/', 'http://[::ffff:0:127.0.0.1]/', 'http://[64:ff9b::127.0.0.1]/', 'http://[64:ff9b:1::7f00:1]/',
    'http://[2002:7f00:1::]/', 'http://[2001:0:7f00:1::]/',
  ])('%s is loopback in disguise and refused', (url) => {
    expect(rule.checkUrl(url)).toMatchObject(NOT_ALLOWED);
  });

  test.each([
    'http://10.0.0.1/', 'http://172.16.0.1/', 'http://172.31.255.255/', 'http://192.168.1.1/', 'http://169.254.169.254/latest',
    'http://100.100.100.200/', 'http://192.0.0.192/', 'http://192.0.2.1/', 'http://198.18.0.1/', 'http://198.51.100.1/',
    'http://203.0.113.1/', 'http://192.88.99.1/', 'http://224.0.0.1/', 'http://240.0.0.1/', 'http://255.255.255.255/',
    'http://[fe80::1]/', 'http://[fc00::1]/', 'http://[fd00:ec2::254]/', 'http://[fec0::1]/', 'http://[ff02::1]/',
    'http://[2001:db8::1]/', 'http://[3fff::1]/', 'http://[100::1]/', 'http://[5f00::1]/', 'http://[::ffff:10.0.0.1]/',
    'http://[1::1]/', 'http://[4000::1]/', 'http://2852039166/',
  ])('%s is private or special and refused', (url) => {
    expect(rule.checkUrl(url)).toMatchObject(NOT_ALLOWED);
  });

  test.each([
    'http://example.com/hook', 'https://example.com:8443/hook?a=b', 'http://1.1.1.1/', 'https://[2606:4700:4700::1111]/',
    'http://172.32.0.1/', 'http://[::ffff:1.1.1.1]/', 'https://localhost.example.com/', 'https://xlocalhost/',
    'https://127.0.0.1.example.com/', 'https://bücher.example/',
    'http://example.com\\@127.0.0.1/',
  ])('%s is public, or a name that is asked about at each connection, and passes', (url) => {
    expect(rule.checkUrl(url)).toEqual({ ok: true });
  });

  test.each([
    '', 'hook', '/hook', '//example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'data:,x',
    'unix:/run/x.sock', 'ws://example.com/', 'http://', 'http://256.256.256.256/', 'http://127.0.0.1.1/', 'http://[fe80::1%25eth0]/',
    'http://[::1', 'http://exa mple.com/', 'http://example.com:99999/', 'http://user@example.com/', 'http://:secret@example.com/',
    'http://user:secret@127.0.0.1/',
  ])('%s is no URL that can be called', (url) => {
    expect(rule.checkUrl(url)).toMatchObject(INVALID);
  });

  test('a refused URL is not repeated in the reason, as it may carry a secret', () => {
    const check = rule.checkUrl('https://user:hunter2@example.com/?token=hunter3');
    expect(check).toMatchObject(INVALID);
    expect(JSON.stringify(check)).not.toMatch(/hunter|example/);
  });

  test('a URL passes up to its length limit and not beyond', () => {
    const longest = 'https://example.com/'.padEnd(CALLBACK_URL_CHARS_MAX, 'x');
    expect(rule.checkUrl(longest)).toEqual({ ok: true });
    expect(rule.checkUrl(`${longest}x`)).toMatchObject(INVALID);
  });
});

describe('allowed addresses', () => {
  test.each([
    ['127.0.0.1', 'http://127.0.0.1:9000/', true],
    ['127.0.0.1', 'http://0x7f.1/', true],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/', true],
    ['127.0.0.1', 'http://127.0.0.2/', false],
    ['127.0.0.1', 'http://[::1]/', false],
    ['127.0.0.1', 'http://localhost/', true],
    ['::1', 'http://localhost/', true],
    ['10.0.0.1', 'http://localhost/', false],
    ['127.0.0.0/8', 'http://127.255.0.1/', true],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', true],
    ['10.0.0.0/8', 'http://192.168.0.1/', false],
    ['192.168.4.0/22', 'http://192.168.7.255/', true],
    ['192.168.4.0/22', 'http://192.168.8.0/', false],
    ['0.0.0.0/0', 'http://169.254.169.254/', true],
    ['0.0.0.0/0', 'http://[fd00::1]/', false],
    ['fd00::/8', 'http://[fd12::1]/', true],
    ['fd00::/8', 'http://[fc12::1]/', false],
    ['::/0', 'http://127.0.0.1/', false],
    ['::ffff:10.0.0.0/104', 'http://10.9.9.9/', true],
    ['::ffff:10.0.0.0/104', 'http://11.0.0.1/', true],
    ['::ffff:10.0.0.0/104', 'http://192.168.0.1/', false],
  ])('with %s allowed, %s is callable: %s', (allowed, url, callable) => {
    expect(createDestinationRule([allowed]).checkUrl(url).ok).toBe(callable);
  });

  test('what is allowed is an exception: everything public stays callable', () => {
    const withExceptions = createDestinationRule(['10.0.0.0/8', '::1']);
    expect(withExceptions.isCallable('1.1.1.1')).toBe(true);
    expect(withExceptions.isCallable('::1')).toBe(true);
    expect(withExceptions.isCallable('::2')).toBe(false);
  });

  test.each(['', 'localhost', '127.1', '0x7f.1', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/255.0.0.0',
    '::1/129', 'fe80::1%eth0', '::ffff:10.0.0.0/95', '10.0.0.0/1e1', '10.0.0.0/ 8', '*'])(
    '%j is no address and no network, and the error says which variable holds it',
    (entry) => {
      expect(() => createDestinationRule(['10.0.0.0/8', entry])).toThrow(`HOLDFAST_WEBHOOK_ALLOW: ${JSON.stringify(entry)} is neither`);
    },
  );

  test.each(['', 'example.com', '127.0.0.1.', '[::1]', 'fe80::1%eth0', '1.1.1.1 ', '08.8.8.8'])('%j cannot be read as an address and is not callable', (text) => {
    expect(rule.isCallable(text)).toBe(false);
  });
});
