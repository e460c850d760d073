// The decoders of the WHATWG Encoding Standard, whole inputs at once. Each malformed sequence becomes one U+FFFD.
#include <cstring>

#include "native/html/charset.h"
#include "native/html/indexes.h"
#include "native/html/references.h"

namespace millrace::html {
namespace {

// What a decoder reads from and writes to. `take` gives -1 at the end.
struct Stream {
  std::string_view in;
  std::string& out;
  size_t at = 0, malformed = 0;

  int take() { return at < in.size() ? static_cast<uint8_t>(in[at++]) : -1; }
  void put(uint32_t code) { append_utf8(code, out); }
  void fail() {
    out += "\xef\xbf\xbd";
    ++malformed;
  }
  // Malformed; an ASCII byte at its end is read again.
  void fail_before(int last) {
    fail();
    if (last >= 0 && last < 0x80) --at;
  }
  void copy_ascii() {
    const size_t from = at;
    while (in.size() - at >= 8) {
      uint64_t word;
      std::memcpy(&word, in.data() + at, 8);
      if (word & 0x8080808080808080u) break;
      at += 8;
    }
    while (at < in.size() && static_cast<uint8_t>(in[at]) < 0x80) ++at;
    out.append(in.data() + from, at - from);
  }
  bool ended() const { return at >= in.size(); }
};

// Bytes of the well-formed sequence at `at`, or minus the bytes of the malformed one (its longest proper beginning).
int utf8_sequence(std::string_view in, size_t at) {
  const auto byte = [&](size_t i) { return i < in.size() ? static_cast<uint8_t>(in[i]) : 0; };
  const uint8_t lead = byte(at);
  if (lead < 0x80) return 1;
  const int size = lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (!size) return -1;
  const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(at + 1) < low || byte(at + 1) > high) return -1;
  for (int i = 2; i < size; ++i)
    if ((byte(at + static_cast<size_t>(i)) & 0xc0) != 0x80) return -i;
  return size;
}

void utf8(Stream& s) {
  for (s.copy_ascii(); !s.ended(); s.copy_ascii()) {
    const int size = utf8_sequence(s.in, s.at);
    if (size > 0) s.out.append(s.in.data() + s.at, static_cast<size_t>(size));
    else s.fail();
    s.at += static_cast<size_t>(size > 0 ? size : -size);
  }
}

void utf16(Stream& s, bool big) {
  const auto unit = [&](size_t at) {
    const auto a = static_cast<uint8_t>(s.in[at]), b = static_cast<uint8_t>(s.in[at + 1]);
    return big ? a << 8 | b : b << 8 | a;
  };
  for (; s.at + 1 < s.in.size(); s.at += 2) {
    const auto code = static_cast<uint32_t>(unit(s.at));
    if (code < 0xd800 || code > 0xdfff) {
      s.put(code);
    } else if (code < 0xdc00 && s.at + 3 < s.in.size() && (unit(s.at + 2) & 0xfc00) == 0xdc00) {
      s.put(0x10000 + ((code & 0x3ff) << 10) + (static_cast<uint32_t>(unit(s.at + 2)) & 0x3ff));
      s.at += 2;
    } else {
      // A high surrogate with half a unit behind it is one malformed sequence with that half.
      if (code < 0xdc00 && s.at + 3 == s.in.size()) ++s.at;
      s.fail();
    }
  }
  if (s.at < s.in.size()) s.fail();
}

void single(Stream& s, const uint16_t* table) {
  for (s.copy_ascii(); !s.ended(); s.copy_ascii()) {
    const uint16_t code = table[s.take() - 0x80];
    if (code) s.put(code);
    else s.fail();
  }
}

void gb18030(Stream& s) {
  const auto& index = gb18030_index();
  for (s.copy_ascii(); !s.ended(); s.copy_ascii()) {
    const int first = s.take();
    if (first == 0x80) {
      s.put(0x20ac);
      continue;
    }
    if (first == 0xff) {
      s.fail();
      continue;
    }
    const int second = s.take();
    if (second >= 0x30 && second <= 0x39) {
      const size_t behind_first = s.at - 1;
      const int third = s.take();
      const int fourth = third >= 0x81 && third <= 0xfe ? s.take() : 0;
      if (third < 0 || fourth < 0) {  // the end
        s.fail();
        break;
      }
      if (fourth < 0x30 || fourth > 0x39) {
        s.fail();
        s.at = behind_first;
        continue;
      }
      const auto pointer = static_cast<uint32_t>(((first - 0x81) * 10 + second - 0x30) * 1260 + (third - 0x81) * 10 + fourth - 0x30);
      const uint32_t code = gb18030_range(pointer);
      if (code) s.put(code);
      else s.fail();
      continue;
    }
    uint32_t code = 0;
    if ((second >= 0x40 && second <= 0x7e) || (second >= 0x80 && second <= 0xfe))
      code = index[static_cast<uint32_t>((first - 0x81) * 190 + second - (second < 0x7f ? 0x40 : 0x41))];
    if (code) s.put(code);
    else s.fail_before(second);
  }
}

void big5(Stream& s) {
  const auto& index = big5_index();
  for (s.copy_ascii(); !s.ended(); s.copy_ascii()) {
    const int lead = s.take();
    if (lead == 0x80 || lead == 0xff) {
      s.fail();
      continue;
    }
    const int trail = s.take();
    uint32_t pointer = 0xffffffff;
    if ((trail >= 0x40 && trail <= 0x7e) || (trail >= 0xa1 && trail <= 0xfe))
      pointer = static_cast<uint32_t>((lead - 0x81) * 157 + trail - (trail < 0x7f ? 0x40 : 0x62));
    // Four pointers stand for a letter and a combining mark.
    if (pointer == 1133 || pointer == 1135 || pointer == 1164 || pointer == 1166) {
      s.put(pointer < 1150 ? 0xca : 0xea);
      s.put(pointer == 1133 || pointer == 1164 ? 0x304 : 0x30c);
      continue;
    }
    const uint32_t code = index[pointer];
    if (code) s.put(code);
    else s.fail_before(trail);
  }
}

void euc_kr(Stream& s) {
  const auto& index = euc_kr_index();
  for (s.copy_ascii(); !s.ended(); s.copy_ascii()) {
    const int lead = s.take();
    if (lead == 0x80 || lead == 0xff) {
      s.fail();
      continue;
    }
    const int trail = s.take();
    const uint32_t code = trail >= 0x41 && trail <= 0xfe ? index[static_cast<uint32_t>((lead - 0x81) * 190 + trail - 0x41)] : 0;
    if (code) s.put(code);
    else s.fail_before(trail);
  }
}

void euc_jp(Stream& s) {
  const auto in_row = [](int byte) { return byte >= 0xa1 && byte <= 0xfe; };
  for (s.copy_ascii(); !s.ended(); s.copy_ascii()) {
    int lead = s.take();
    if (lead != 0x8e && lead != 0x8f && !in_row(lead)) {
      s.fail();
      continue;
    }
    int trail = s.take();
    if (lead == 0x8e && trail >= 0xa1 && trail <= 0xdf) {
      s.put(static_cast<uint32_t>(0xff61 - 0xa1 + trail));
      continue;
    }
    const bool second_set = lead == 0x8f && in_row(trail);
    if (second_set) {
      lead = trail;
      trail = s.take();
    }
    uint32_t code = 0;
    if (in_row(lead) && in_row(trail)) {
      const auto pointer = static_cast<uint32_t>((lead - 0xa1) * 94 + trail - 0xa1);
      code = second_set ? jis0212()[pointer] : jis0208()[pointer];
    }
    if (code) s.put(code);
    else s.fail_before(trail);
  }
}

void shift_jis(Stream& s) {
  const auto& index = jis0208();
  for (s.copy_ascii(); !s.ended(); s.copy_ascii()) {
    const int lead = s.take();
    if (lead == 0x80) {
      s.put(0x80);
      continue;
    }
    if (lead >= 0xa1 && lead <= 0xdf) {
      s.put(static_cast<uint32_t>(0xff61 - 0xa1 + lead));
      continue;
    }
    if (lead == 0xa0 || lead > 0xfc) {
      s.fail();
      continue;
    }
    const int trail = s.take();
    uint32_t code = 0;
    if ((trail >= 0x40 && trail <= 0x7e) || (trail >= 0x80 && trail <= 0xfc))
      code = index[static_cast<uint32_t>((lead - (lead < 0xa0 ? 0x81 : 0xc1)) * 188 + trail - (trail < 0x7f ? 0x40 : 0x41))];
    if (code) s.put(code);
    else s.fail_before(trail);
  }
}

void iso_2022_jp(Stream& s) {
  enum { ascii, roman, katakana, lead } mode = ascii;
  bool escaped = false;  // an escape sequence directly behind another is malformed
  while (!s.ended()) {
    const int byte = s.take();
    if (byte == 0x1b) {
      const size_t behind = s.at;
      const int a = s.take(), b = s.take();
      bool known = true;
      if (a == '(' && b == 'B') mode = ascii;
      else if (a == '(' && b == 'J') mode = roman;
      else if (a == '(' && b == 'I') mode = katakana;
      else if (a == '$' && (b == '@' || b == 'B')) mode = lead;
      else known = false;
      if (known) {
        if (escaped) s.fail();
        escaped = true;
        continue;
      }
      s.at = behind;
      escaped = false;
      s.fail();
      continue;
    }
    escaped = false;
    if (mode == lead) {
      if (byte < 0x21 || byte > 0x7e) {
        s.fail();
        continue;
      }
      const int trail = s.take();
      if (trail == 0x1b) {
        --s.at;
        s.fail();
        continue;
      }
      const uint32_t code = trail >= 0x21 && trail <= 0x7e ? jis0208()[static_cast<uint32_t>((byte - 0x21) * 94 + trail - 0x21)] : 0;
      if (code) s.put(code);
      else s.fail();
    } else if (mode == katakana) {
      if (byte >= 0x21 && byte <= 0x5f) s.put(static_cast<uint32_t>(0xff61 - 0x21 + byte));
      else s.fail();
    } else if (byte > 0x7f || byte == 0x0e || byte == 0x0f) {
      s.fail();
    } else {
      s.put(mode == roman && byte == 0x5c ? 0xa5 : mode == roman && byte == 0x7e ? 0x203e : static_cast<uint32_t>(byte));
    }
  }
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    uint64_t word;
    if (bytes.size() - at >= 8 && (std::memcpy(&word, bytes.data() + at, 8), !(word & 0x8080808080808080u))) {
      at += 8;
      continue;
    }
    const int size = utf8_sequence(bytes, at);
    if (size < 0) return false;
    at += static_cast<size_t>(size);
  }
  return true;
}

Utf8Count count_utf8(std::string_view bytes) {
  Utf8Count count;
  for (size_t at = 0; at < bytes.size();) {
    if (static_cast<uint8_t>(bytes[at]) < 0x80) {
      ++at;
      continue;
    }
    const int size = utf8_sequence(bytes, at);
    if (size > 0) {
      ++count.well;
      at += static_cast<size_t>(size);
      continue;
    }
    at += static_cast<size_t>(-size);
    // What ends here could have gone on: a lead byte that asks for more than is left.
    const auto lead = static_cast<uint8_t>(bytes[at - static_cast<size_t>(-size)]);
    const int wanted = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (at == bytes.size() && lead <= 0xf4 && -size < wanted) count.cut = true;
    else ++count.malformed;
  }
  return count;
}

size_t decode(Encoding encoding, std::string_view bytes, std::string& out) {
  Stream s{bytes, out};
  out.reserve(out.size() + bytes.size() + bytes.size() / 4);
  switch (encoding) {
    case Encoding::gbk: case Encoding::gb18030: gb18030(s); break;
    case Encoding::big5: big5(s); break;
    case Encoding::euc_kr: euc_kr(s); break;
    case Encoding::euc_jp: euc_jp(s); break;
    case Encoding::shift_jis: shift_jis(s); break;
    case Encoding::iso_2022_jp: iso_2022_jp(s); break;
    case Encoding::utf_8: case Encoding::none: utf8(s); break;
    case Encoding::utf_16be: utf16(s, true); break;
    case Encoding::utf_16le: utf16(s, false); break;
    case Encoding::replacement:
      if (!bytes.empty()) s.fail();
      break;
    case Encoding::x_user_defined:
      for (s.copy_ascii(); !s.ended(); s.copy_ascii()) s.put(static_cast<uint32_t>(0xf780 + s.take() - 0x80));
      break;
    case Encoding::iso_8859_8_i: single(s, single_byte(static_cast<uint8_t>(Encoding::iso_8859_8))); break;
    default: single(s, single_byte(static_cast<uint8_t>(encoding)));
  }
  return s.malformed;
}

}  // namespace millrace::html
