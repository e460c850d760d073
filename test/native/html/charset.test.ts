/**
 * Charset: the html5lib encoding tests for the prescan; decoders against Node's where Node's follow the WHATWG tables (all but Big5, EUC-JP,
 * Shift_JIS and EUC-KR, where ICU takes other sequences too); the order of declarations; the detector on texts written for it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { charsetOfLabel, decodeBytes, decodePage, detectCharset, prescanCharset } from '../../../native/addon/html.ts'
import { data, missing, random, withoutAddon } from './oracle.ts'

const unbuilt = withoutAddon()
const folder = 'html5lib-tests/encoding'
const absent = unbuilt ?? missing(folder)
if (absent) console.log(`encoding tests of html5lib are skipped: ${absent}`)

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const decoded = (bytes: Uint8Array, label: string): string => text(decodeBytes(bytes, label).text)

describe.skipIf(absent !== undefined)('html5lib encoding tests', () => {
  for (const file of absent ? [] : readdirSync(join(data, folder)).filter(name => name.endsWith('.dat')))
    test(file, () => {
      const cases = readFileSync(join(data, folder, file), 'latin1')
        .split('#data\n')
        .slice(1)
      const failures = cases.flatMap(one => {
        const [page = '', label = ''] = one.split('\n#encoding\n')
        const found =
          decodePage(Buffer.from(page, 'latin1')).source === 'mark' ? 'utf-8' : prescanCharset(Buffer.from(page, 'latin1'), 65_536)
        const expected = charsetOfLabel(label.trim().split('\n')[0] as string)
        return (found || 'windows-1252') === expected ? [] : [{ page, expected, found }]
      })
      expect(failures, `${failures.length} of ${cases.length}`).toEqual([])
    })
})

const single =
  'ibm866 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-8-i iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 ' +
  'iso-8859-16 koi8-r koi8-u macintosh windows-874 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 ' +
  'windows-1257 windows-1258 x-mac-cyrillic'
const pairs = (visit: (bytes: Uint8Array) => void): void => {
  for (let lead = 0x80; lead < 256; lead++) for (let trail = 0x20; trail < 256; trail++) visit(Uint8Array.of(lead, trail))
}

describe.skipIf(unbuilt !== undefined)('decoders', () => {
  test.each(single.split(' '))('%s', name => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    expect(decoded(all, name)).toBe(new TextDecoder(name).decode(all))
  })

  test.each(['gbk', 'gb18030'])('%s: every pair', name => {
    const node = new TextDecoder(name)
    const differ: string[] = []
    pairs(bytes => {
      const found = decoded(bytes, name)
      const expected = node.decode(bytes)
      if (found !== expected && !(found.includes('\ufffd') && expected.includes('\ufffd'))) differ.push(Buffer.from(bytes).toString('hex'))
    })
    expect(differ).toEqual([])
  })

  // Pairs of the national standards, which nobody disagrees on: from, to are lead bytes; the trail bytes are 0xa1 to 0xfe.
  test.each([
    ['euc-jp', 0xb0, 0xf3],
    ['euc-kr', 0xb0, 0xfd],
    ['big5', 0xa4, 0xc5],
  ] as const)('%s: letters of the national standard', (name, from, to) => {
    const node = new TextDecoder(name)
    let count = 0
    for (let lead: number = from; lead <= to; lead++)
      for (let trail = 0xa1; trail < 0xff; trail++) {
        const bytes = Uint8Array.of(lead, trail)
        const expected = node.decode(bytes)
        if (expected.length !== 1 || expected === '\ufffd' || /\p{Co}/u.test(expected)) continue
        count++
        expect(decoded(bytes, name)).toBe(expected)
      }
    expect(count).toBeGreaterThan(3000)
  })

  test('UTF-8 and UTF-16 on noise', () => {
    const next = random(7)
    const hot = [0xd8, 0xdc, 0xff, 0xfe, 0xf0, 0xf4, 0x90, 0x80, 0xe0, 0xed, 0xa0, 0xc2, 0xc0, 0x41, 0, 0xef, 0xbb, 0xbf]
    for (let i = 0; i < 5000; i++) {
      const bytes = Uint8Array.from({ length: next(14) }, () => (next(4) ? (hot[next(hot.length)] as number) : next(256)))
      for (const name of ['utf-8', 'utf-16le', 'utf-16be'])
        expect(decoded(bytes, name), Buffer.from(bytes).toString('hex')).toBe(new TextDecoder(name, { ignoreBOM: true }).decode(bytes))
    }
  })

  test('what the standard says and ICU does not', () => {
    const hex = (bytes: string, name: string) => decoded(Buffer.from(bytes, 'hex'), name)
    expect(hex('8862', 'big5')).toBe('\u00ca\u0304')
    expect(hex('8740', 'big5')).toBe('\u43f0') // Hong Kong Supplementary Character Set
    expect(hex('8130813081308130', 'gb18030')).toBe('\u0080\u0080')
    expect(hex('90308130', 'gb18030')).toBe('\u{10000}')
    expect(hex('f040', 'shift_jis')).toBe('\ue000')
    expect(hex('1b2442242b1b284a5c', 'iso-2022-jp')).toBe('か¥')
    expect(hex('8fb0a1', 'euc-jp')).toBe('丂')
    expect(hex('80', 'x-user-defined')).toBe('\uf780')
    expect(decodeBytes(Buffer.from('abc'), 'hz-gb-2312')).toMatchObject({ malformed: 1 })
  })
})

const samples: [string, string, string][] = [
  [
    'shift_jis euc-jp',
    'ja',
    '図書館の窓から見える川は、春になると雪どけの水で少しだけ速く流れます。子どもたちは学校の帰りに橋の上で立ちどまり、魚の影を探していました。' +
      'この町では毎年四月に小さな祭りがあり、パンやお茶を売る店が並びます。データを集める仕事は地味ですが、あとで読む人のためにていねいに記録します。',
  ],
  [
    'gbk',
    'zh',
    '图书馆的窗外有一条河，春天雪化的时候水流得比较快。孩子们放学以后常常站在桥上找鱼的影子。这个小镇每年四月有一个节日，街上会有很多卖面包和茶的店。' +
      '收集数据的工作虽然不起眼，但是为了以后阅读的人，我们要认真地把每一件事情记录下来，并且说明它们是从哪里来的。',
  ],
  [
    'big5',
    'zh-Hant',
    '圖書館的窗外有一條河，春天雪化的時候水流得比較快。孩子們放學以後常常站在橋上找魚的影子。這個小鎮每年四月有一個節日，街上會有很多賣麵包和茶的店。' +
      '收集資料的工作雖然不起眼，但是為了以後閱讀的人，我們要認真地把每一件事情記錄下來，並且說明它們是從哪裡來的。',
  ],
  [
    'euc-kr',
    'ko',
    '도서관 창밖으로 보이는 강은 봄이 되면 눈 녹은 물로 조금 더 빨리 흐릅니다. 아이들은 학교에서 돌아오는 길에 다리 위에 서서 물고기 그림자를 찾았습니다. ' +
      '이 마을에서는 해마다 사월에 작은 축제가 열리고 빵과 차를 파는 가게가 늘어섭니다. 자료를 모으는 일은 눈에 띄지 않지만 나중에 읽을 사람을 위해 기록합니다.',
  ],
  [
    'windows-1251 koi8-r ibm866',
    'ru',
    'Из окна библиотеки видна река, которая весной, когда тает снег, течёт немного быстрее. Дети по дороге из школы останавливались на мосту и искали тени рыб. ' +
      'Каждый год в апреле в этом городке бывает небольшой праздник, и на улице продают хлеб и чай. Собирать данные скучно, но мы всё записываем для тех, кто будет читать.',
  ],
  [
    'windows-1252',
    'de',
    'Vor der Bücherei fließt ein Fluß; im Frühling, wenn der Schnee schmilzt, läuft das Wasser schneller. Größere Kinder hören zu.',
  ],
  [
    'windows-1252',
    'fr',
    'La rivière coule derrière la bibliothèque ; au printemps, l’eau est plus élevée. Les élèves s’arrêtent là où le poisson était caché.',
  ],
]

/** Undeclared only: letters of the encoding are single bytes. Written for this test. */
const letters: [string, string, string][] = [
  [
    'windows-1250 iso-8859-2',
    'pl',
    'Z okna biblioteki widać rzekę, która wiosną, gdy topnieje śnieg, płynie trochę szybciej. Dzieci stają na moście i szukają cieni ryb.',
  ],
  [
    'windows-1250 iso-8859-2',
    'cs',
    'Z okna knihovny je vidět řeka, která na jaře při tání sněhu teče o něco rychleji. Děti cestou ze školy stávají na mostě a hledají stíny ryb.',
  ],
  [
    'windows-1250 iso-8859-2',
    'hu',
    'A könyvtár ablakából látszik a folyó, amely tavasszal, amikor olvad a hó, kicsit gyorsabban folyik. A gyerekek őszi délutánokon a hídról nézik a vizet.',
  ],
  [
    'windows-1253 iso-8859-7',
    'el',
    'Από το παράθυρο της βιβλιοθήκης φαίνεται το ποτάμι, που την άνοιξη κυλά λίγο πιο γρήγορα. Τα παιδιά στέκονται στη γέφυρα και ψάχνουν τις σκιές των ψαριών.',
  ],
  [
    'windows-1254',
    'tr',
    'Kütüphanenin penceresinden görünen ırmak ilkbaharda karlar eridiğinde biraz daha hızlı akıyor. Çocuklar okuldan dönerken köprüde durup balıkların gölgesini arıyordu.',
  ],
  [
    'windows-1255',
    'he',
    'מחלון הספרייה רואים את הנהר, שבאביב, כשהשלג נמס, זורם קצת יותר מהר. הילדים בדרכם מבית הספר עומדים על הגשר ומחפשים את צל הדגים.',
  ],
  [
    'windows-1256',
    'ar',
    'من نافذة المكتبة يُرى النهر الذي يجري في الربيع أسرع قليلا عندما يذوب الثلج. وكان الأطفال يقفون على الجسر في طريق عودتهم من المدرسة.',
  ],
  [
    'windows-1257',
    'lt',
    'Pro bibliotekos langą matyti upė, kuri pavasarį, kai tirpsta sniegas, teka šiek tiek greičiau. Vaikai grįždami iš mokyklos sustoja ant tilto ir ieško žuvų šešėlių.',
  ],
  ['windows-874', 'th', 'จากหน้าต่างห้องสมุดมองเห็นแม่น้ำซึ่งไหลเร็วขึ้นเล็กน้อยในฤดูใบไม้ผลิ เด็กๆ มักหยุดยืนบนสะพานระหว่างทางกลับจากโรงเรียนเพื่อมองหาเงาของปลา'],
  [
    'koi8-u',
    'uk',
    'З вікна бібліотеки видно річку, яка навесні, коли тане сніг, тече трохи швидше. Діти дорогою зі школи зупинялися на мосту і шукали тіні риб; їхній учитель усміхався.',
  ],
  [
    'ibm866 iso-8859-5 x-mac-cyrillic',
    'ru',
    'Из окна библиотеки видна река, которая весной, когда тает снег, течёт немного быстрее. Дети по дороге из школы останавливались на мосту и искали тени рыб.',
  ],
]

/** Bytes of a text in an encoding, by trying what its decoder gives for one and two bytes. */
function encode(label: string, page: string): Buffer {
  const bytesOf = new Map<string, number[]>()
  for (let lead = 0x80; lead < 256; lead++) {
    const one = decoded(Uint8Array.of(lead), label)
    if (one.length === 1 && one !== '\ufffd') bytesOf.set(one, [lead])
  }
  pairs(bytes => {
    const two = decoded(bytes, label)
    if (two.length === 1 && two !== '\ufffd' && !bytesOf.has(two)) bytesOf.set(two, [...bytes])
  })
  return Buffer.from(Array.from(page).flatMap(c => ((c.codePointAt(0) as number) < 0x80 ? [c.charCodeAt(0)] : (bytesOf.get(c) ?? [0x3f]))))
}

describe.skipIf(unbuilt !== undefined)('pages', () => {
  test.each(samples)('declared %s (%s) reads back', (labels, _, sample) => {
    for (const label of labels.split(' ')) {
      const page = Buffer.concat([Buffer.from(`<!doctype html><meta charset=${label}><p>`), encode(label, sample)])
      const found = decodePage(page)
      expect(found).toMatchObject({ encoding: label, source: 'page', malformed: 0 })
      expect(text(found.text)).toContain(decoded(encode(label, sample), label))
      expect(decodePage(Buffer.concat([Buffer.from('<p>'), encode(label, sample)]), ` ${label.toUpperCase()} `)).toMatchObject({
        encoding: label,
        source: 'transfer',
      })
    }
  })

  test.each(samples)('undeclared %s (%s) is recognised', (labels, _, sample) => {
    for (const label of labels.split(' ').filter(name => name !== 'ibm866')) {
      expect(detectCharset(Buffer.concat([Buffer.from('<title>A page</title><p class="x">'), encode(label, sample)]))).toBe(label)
    }
  })

  test.each(letters)('undeclared %s (%s) is read as it was written', (labels, _, sample) => {
    for (const label of labels.split(' ')) {
      const bytes = Buffer.concat([Buffer.from('<title>A page</title><p class="x">'), encode(label, sample)])
      expect(decoded(bytes, detectCharset(bytes)), label).toContain(sample)
    }
  })

  test('order of what is believed', () => {
    const utf8 = Buffer.from('<meta charset=shift_jis><p>größer')
    expect(decodePage(utf8, 'koi8-r')).toMatchObject({ encoding: 'utf-8', source: 'utf8' })
    expect(decodePage(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<p>x', 'utf16le')]), 'utf-8')).toMatchObject({
      encoding: 'utf-16le',
      source: 'mark',
    })
    expect(text(decodePage(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('é')])).text)).toBe('é')
    expect(text(decodePage(Buffer.from('<p>\x1b$B$+\x1b(B</p>')).text)).toBe('<p>か</p>')
    expect(text(decodePage(Buffer.from('<p>\x1b(J\\50\x1b(B</p>'), 'iso-2022-jp').text)).toBe('<p>¥50</p>')
    expect(decodePage(Buffer.from('<?xml version="1.0" encoding="windows-1251"?><p>\xcf\xf0\xe8', 'latin1'))).toMatchObject({
      encoding: 'windows-1251',
      source: 'page',
    })
    expect(decodePage(Buffer.from('<meta charset=utf-16><p>\xe9', 'latin1')).encoding).toBe('windows-1252') // says UTF-8, is not
    expect(decodePage(Buffer.alloc(0))).toMatchObject({ encoding: 'utf-8', malformed: 0 })
  })

  test('labels', () => {
    for (const [label, name] of [
      ['Latin1', 'windows-1252'],
      ['GB2312', 'gbk'],
      ['ks_c_5601-1987', 'euc-kr'],
      ['  utf8\n', 'utf-8'],
      ['sjis', 'shift_jis'],
      ['nonsense', ''],
    ])
      expect(charsetOfLabel(label as string)).toBe(name)
  })
})
