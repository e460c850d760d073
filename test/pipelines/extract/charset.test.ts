import { describe, expect, test } from 'vitest'
import { decodePage, prescan } from '../../../pipelines/extract/charset.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('prescan', () => {
  test.each([
    ['<meta charset=windows-1251>', 'windows-1251'],
    ['<META CHARSET="Shift_JIS" />', 'shift_jis'],
    ['<meta http-equiv="Content-Type" content="text/html; charset=euc-kr">', 'euc-kr'],
    ['<meta content=\'text/html; charset="big5"\' http-equiv=content-type>', 'big5'],
    ['<!-- <meta charset=koi8-r> --><meta charset=gbk>', 'gbk'],
    ['<meta charset=utf-16le>', 'utf-8'],
    ['<meta charset=x-user-defined>', 'windows-1252'],
    ['<?xml version="1.0" encoding="ISO-8859-2"?><html>', 'iso-8859-2'],
    ['<p>charset=gbk', undefined],
    [`${' '.repeat(1024)}<meta charset=gbk>`, undefined],
  ])('%s', (head, expected) => expect(prescan(latin1(head))).toBe(expected))
})

describe('decoding', () => {
  const cyrillic = Buffer.from([0xcf, 0xf0, 0xe8]) // При in windows-1251

  test('a byte order mark is stronger than everything', () => {
    expect(decodePage(Buffer.from('\ufeff<meta charset=gbk>é'), 'koi8-r')).toEqual({ text: '<meta charset=gbk>é', encoding: 'utf-8' })
    expect(decodePage(Buffer.from('\ufeffé', 'utf16le'), 'koi8-r')).toEqual({ text: 'é', encoding: 'utf-16le' })
  })

  test('valid UTF-8 is UTF-8, whatever was declared', () =>
    expect(decodePage(Buffer.from('<meta charset=gbk>é'), 'windows-1251').text).toBe('<meta charset=gbk>é'))

  test('but ISO-2022-JP is made of ASCII bytes', () => {
    const bytes = Buffer.from([0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42])
    expect(decodePage(bytes, 'iso-2022-jp').text).toBe('あ')
    expect(decodePage(bytes).encoding).toBe('utf-8')
  })

  test('the transfer before the page, the page before windows-1252', () => {
    expect(decodePage(Buffer.concat([latin1('<meta charset=koi8-r>'), cyrillic]), 'windows-1251').text).toContain('При')
    expect(decodePage(Buffer.concat([latin1('<meta charset=windows-1251>'), cyrillic])).text).toContain('При')
    expect(decodePage(latin1('caf\x80\xe9'))).toEqual({ text: 'caf€é', encoding: 'windows-1252' })
    expect(decodePage(latin1('<meta charset=latin1>caf\xe9')).encoding).toBe('windows-1252')
  })

  test('what does not decode as declared: the other declaration, else an error', () => {
    expect(decodePage(Buffer.concat([latin1('<meta charset=windows-1251>'), cyrillic]), 'utf-8').text).toContain('При')
    expect(() => decodePage(cyrillic, 'utf-8')).toThrow(expect.objectContaining({ code: 'CHARSET' }))
    expect(decodePage(cyrillic, 'no-such-encoding').encoding).toBe('windows-1252')
  })
})
