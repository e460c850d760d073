// Records are made here, so that what must come out is known; foreign files are compared with warcio and FastWARC (bench/extraction/warc.py).
#include "native/warc/reader.h"

#include <gtest/gtest.h>

#include <random>

#include "native/warc/documents.h"

namespace millrace::warc {
namespace {

std::span<const uint8_t> span_of(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

std::string record(const std::string& uri, const std::string& block, const std::string& type = "response") {
  return "WARC/1.1\r\nWARC-Type: " + type + "\r\nWARC-Target-URI: " + uri + "\r\nContent-Type: application/http\r\nContent-Length: " +
         std::to_string(block.size()) + "\r\n\r\n" + block + "\r\n\r\n";
}

std::string little(uint32_t value) { return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16), static_cast<char>(value >> 24)}; }

// A gzip member of stored blocks (RFC 1951 3.2.4): a compressor that any inflater reads, and that keeps embedded members findable.
std::string member(const std::string& content) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  size_t at = 0;
  do {
    const size_t size = std::min<size_t>(65535, content.size() - at);
    out += at + size == content.size() ? '\1' : '\0';
    out += static_cast<char>(size);
    out += static_cast<char>(size >> 8);
    out += static_cast<char>(~size);
    out += static_cast<char>(~size >> 8);
    out += content.substr(at, size);
    at += size;
  } while (at < content.size());
  return out + little(crc32(0, span_of(content).data(), content.size())) + little(static_cast<uint32_t>(content.size()));
}

struct Seen {
  uint64_t offset, member;
  std::string what;  // URI, or the code of a failure
  std::string block;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> read(const std::string& file, Reader::Options options = {}) {
  MemorySource source(span_of(file));
  Reader reader(source, options);
  std::vector<Seen> seen;
  for (;;) {
    const auto result = reader.next();
    if (result == Reader::Result::end) break;
    const Record& at = reader.record();
    if (result == Reader::Result::record) {
      seen.push_back({at.offset(), at.member, std::string(at.uri), std::string(at.block)});
    } else {
      seen.push_back({at.offset(), at.member, reader.failure().code, ""});
    }
    EXPECT_LT(seen.size(), 100000u);
  }
  EXPECT_FALSE(reader.error()) << reader.error().message();
  return seen;
}

std::vector<std::string> names(const std::vector<Seen>& seen) {
  std::vector<std::string> out;
  for (const Seen& each : seen) out.push_back(each.what);
  return out;
}

using Names = std::vector<std::string>;
constexpr Reader::Options kGzip{.compression = Compression::gzip};

TEST(Reader, GivesRecordsAndTheirPlaces) {
  const std::string a = record("u:a", "one"), b = record("u:b", ""), c = record("u:c", std::string(300000, 'x'));
  EXPECT_EQ(read(a + b + c), (std::vector<Seen>{{0, 0, "u:a", "one"}, {a.size(), 0, "u:b", ""}, {a.size() + b.size(), 0, "u:c", std::string(300000, 'x')}}));
  const std::string first = member(a), second = member(b + c);
  EXPECT_EQ(read(first + second, kGzip), (std::vector<Seen>{{0, 0, "u:a", "one"},
                                                            {first.size(), first.size(), "u:b", ""},
                                                            {first.size() + b.size(), first.size(), "u:c", std::string(300000, 'x')}}));
}

TEST(Reader, ResumesAtAnyRecord) {
  std::string plain, packed;
  for (int i = 0; i < 40; ++i) {
    plain += record("u:" + std::to_string(i), std::string(static_cast<size_t>(i) * 7919 % 70000, 'y'));
    packed += member(record("v:" + std::to_string(i), "body") + record("w:" + std::to_string(i), std::string(static_cast<size_t>(i) * 104729 % 90000, 'z')));
  }
  for (const auto& [file, compression] : {std::pair{plain, Compression::none}, std::pair{packed, Compression::gzip}}) {
    const auto all = read(file, {.compression = compression});
    ASSERT_EQ(all.size(), compression == Compression::none ? 40u : 80u);
    for (size_t i = 0; i < all.size(); ++i) {
      Reader::Options options{.compression = compression};
      options.from = compression == Compression::none ? all[i].offset : all[i].member;
      options.inner = compression == Compression::none ? 0 : all[i].offset - all[i].member;
      auto rest = read(file, options);
      if (compression == Compression::none)
        for (Seen& each : rest) each.member = 0;
      EXPECT_EQ(rest, std::vector<Seen>(all.begin() + static_cast<ptrdiff_t>(i), all.end()));
    }
    // Ranges that meet at members cover the file once.
    std::vector<Seen> joined;
    const std::vector<uint64_t> cuts = compression == Compression::none ? std::vector<uint64_t>{0, all[7].offset, all[8].offset, UINT64_MAX}
                                                                        : std::vector<uint64_t>{0, all[14].member, all[16].member, UINT64_MAX};
    for (size_t i = 0; i + 1 < cuts.size(); ++i)
      for (Seen& each : read(file, {.compression = compression, .from = cuts[i], .to = cuts[i + 1]})) {
        if (compression == Compression::none) each.member = 0;
        joined.push_back(each);
      }
    EXPECT_EQ(joined, all);
  }
}

TEST(Reader, ABrokenMemberCostsItself) {
  const std::string a = member(record("u:a", "one")), b = member(record("u:b", "two")), c = member(record("u:c", "three"));
  std::string wrong = b;
  wrong[b.size() - 6] ^= 1;
  EXPECT_EQ(names(read(a + wrong + c, kGzip)), (Names{"u:a", "GZIP_MEMBER", "u:c"}));
  EXPECT_EQ(names(read(a + b.substr(0, b.size() / 2) + c, kGzip)), (Names{"u:a", "GZIP_MEMBER", "u:c"}));
  EXPECT_EQ(names(read(a + "junk" + c, kGzip)), (Names{"u:a", "GZIP_MEMBER", "u:c"}));
  EXPECT_EQ(names(read(a + b.substr(0, b.size() - 1), kGzip)), (Names{"u:a", "GZIP_MEMBER"}));
  EXPECT_EQ(names(read(a + std::string(1000, '\0'), kGzip)), (Names{"u:a"}));
  // Behind the break: bytes that look like a member and hold no record are no place to go on.
  const std::string decoy = std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) + member("not a record");
  EXPECT_EQ(names(read(a + wrong + decoy + c, kGzip)), (Names{"u:a", "GZIP_MEMBER", "u:c"}));
}

TEST(Reader, AMemberInsideAMemberIsContent) {
  const std::string inner = member(record("u:inner", "no")), a = member(record("u:a", inner)), b = member(record("u:b", "yes"));
  EXPECT_EQ(names(read(a + b, kGzip)), (Names{"u:a", "u:b"}));
}

TEST(Reader, RecordsGoOnInTheNextMember) {
  const std::string all = record("u:a", std::string(1000, 'q')) + record("u:b", "two") + record("u:c", std::string(5000, 'r'));
  std::mt19937_64 random(5);
  for (int turn = 0; turn < 200; ++turn) {
    std::string file;
    for (size_t at = 0; at < all.size();) {
      const size_t size = 1 + random() % (turn % 2 ? 3000 : 90);
      file += member(all.substr(at, size));
      at += size;
    }
    const auto seen = read(file, kGzip);
    ASSERT_EQ(names(seen), (Names{"u:a", "u:b", "u:c"})) << turn;
    ASSERT_EQ(seen[2].block, std::string(5000, 'r'));
  }
}

TEST(Reader, ABrokenRecordIsLeftForTheNextLineThatBeginsOne) {
  const std::string a = record("u:a", "one"), c = record("u:c", "three");
  EXPECT_EQ(names(read(a + "WARCX1.1\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n" + c)), (Names{"u:a", "WARC_VERSION", "u:c"}));
  EXPECT_EQ(names(read(a + "WARC/1.0\r\nContent-Length: -3\r\n\r\nabc\r\n\r\n" + c)), (Names{"u:a", "WARC_LENGTH", "u:c"}));
  EXPECT_EQ(names(read(a + "WARC/1.0\r\nContent-Length: 99999999999999\r\n\r\nabc\r\n\r\n" + c)), (Names{"u:a", "WARC_TRUNCATED"}));
  EXPECT_EQ(names(read(a + "WARC/1.0\r\nContent-Length: 99999\r\n\r\nabc")), (Names{"u:a", "WARC_TRUNCATED"}));
  EXPECT_EQ(names(read(a + "WARC/1.0\r\n" + std::string(70000, 'h') + "\r\n\r\n" + c)), (Names{"u:a", "WARC_HEADERS", "u:c"}));
  EXPECT_EQ(names(read(a + std::string(300000, 'j') + "\n" + c)), (Names{"u:a", "WARC_VERSION", "u:c"}));
  EXPECT_EQ(names(read(a + record("u:b", std::string(5000, 'b')) + c, {.max_block = 1000})), (Names{"u:a", "DOCUMENT_TOO_LARGE", "u:c"}));
  EXPECT_EQ(names(read("")), Names{});
  EXPECT_EQ(names(read("\r\n\r\n")), Names{});
}

TEST(Reader, ReadsArc) {
  const std::string head = "1 0 Someone\nURL IP-address Archive-date Content-type Archive-length\n";
  const std::string file = "filedesc://x.arc 0.0.0.0 20080430204825 text/plain " + std::to_string(head.size()) + "\n" + head + "\n" +
                           "http://e.example/a b 1.2.3.4 20080430204826 text/html 5\nHello\n" + "dns:e.example 1.2.3.4 20080430204827 text/dns 2\nok\n";
  const auto seen = read(file);
  EXPECT_EQ(names(seen), (Names{"filedesc://x.arc", "http://e.example/a b", "dns:e.example"}));
  EXPECT_EQ(seen[1].block, "Hello");
  // Version 2 has ten fields, and says so.
  const std::string head2 = "2 0 Someone\nURL IP-address Archive-date Content-type Result-code Checksum Location Offset Filename Archive-length\n";
  const std::string file2 = "filedesc://x.arc 0.0.0.0 20080430204825 text/plain 200 - - 0 x.arc " + std::to_string(head2.size()) + "\n" + head2 + "\n" +
                            "http://e.example/ 1.2.3.4 20080430204826 text/html 200 abc - 200 x.arc 3\nabc\n";
  EXPECT_EQ(names(read(file2)), (Names{"filedesc://x.arc", "http://e.example/"}));
}

// A stream of one fixed block (RFC 1951 3.2.6): 'x', and then matches of 258 bytes at distance 1, 13 bits for each.
std::string bomb(size_t matches, const std::string& head) {
  std::string out;
  uint32_t bits = 0, count = 0;
  const auto put = [&](uint32_t value, uint32_t size) {
    for (uint32_t i = 0; i < size; ++i) {
      bits |= (value >> i & 1) << count;
      if (++count == 8) {
        out += static_cast<char>(bits);
        bits = count = 0;
      }
    }
  };
  const auto code = [&](uint32_t value, uint32_t size) {  // Huffman codes come highest bit first
    for (uint32_t i = size; i-- > 0;) put(value >> i & 1, 1);
  };
  put(1, 1);
  put(1, 2);
  for (const char c : head + "x") code(0x30u + static_cast<uint8_t>(c), 8);
  for (size_t i = 0; i < matches; ++i) {
    code(0xc0 + 285 - 280, 8);
    code(0, 5);
  }
  code(0, 7);
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) + out + std::string(count > 0, static_cast<char>(bits));
}

TEST(Reader, CutsBombs) {
  const std::string head = "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 999999999\r\n\r\n", next = member(record("u:next", "two"));
  const std::string packed = bomb(270000, head);
  const auto seen = [&](uint64_t expansion, uint64_t most) { return names(read(packed + next, {.compression = Compression::gzip, .max_block = most, .max_expansion = expansion})); };
  EXPECT_EQ(seen(100, 1 << 30), (Names{"EXPANSION", "u:next"}));
  EXPECT_EQ(seen(100, 1 << 20), (Names{"EXPANSION", "u:next"}));
  EXPECT_EQ(seen(1000, 1 << 30), (Names{"GZIP_MEMBER", "u:next"}));  // 70 MB within the budget; then it has no checksum
}

TEST(Reader, NoiseIsToldAndEnds) {
  std::mt19937_64 random(6);
  const std::string good = record("u:a", std::string(2000, 'n')) + record("u:b", "two");
  for (int turn = 0; turn < 3000; ++turn) {
    std::string file = turn % 2 ? good : member(record("u:a", "one")) + member(good);
    for (size_t i = random() % 8; i > 0; --i) file[random() % file.size()] = static_cast<char>(random());
    if (turn % 5 == 0) file.resize(random() % file.size());
    for (Compression compression : {Compression::none, Compression::gzip}) {
      MemorySource source(span_of(file));
      DocumentReader documents(source, {.compression = compression}, 1 << 20);
      Batch batch;
      bool done = false;
      for (int calls = 0; !done && calls < 10000; ++calls) ASSERT_FALSE(documents.fill(100, 1 << 20, batch, done));
      ASSERT_TRUE(done);
      ASSERT_EQ(batch.string_ends.size(), batch.rows() * Batch::kStrings + 1);
      ASSERT_EQ(batch.body_ends.size(), batch.rows() + 1);
    }
  }
}

TEST(Documents, KeepWhatHeadersSayOfUse) {
  const auto page = [](const std::string& headers) { return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + headers + "\r\n<p>x"; };
  const std::string file = record("u:a", page("X-Robots-Tag: noai\r\nx-robots-tag: gptbot:\r\n none\r\nTDM-Reservation: 1 \r\nTDM-Policy: /p\r\n")) +
                           record("u:b", page("Link: </n>; rel=next\r\nLink: </l>; rel=License\r\nX-Robots-Tag: \xff\r\n")) +
                           record("u:c", page("")) + record("u:d", page("X-Robots-Tag: " + std::string(kMaxSignals, 'a') + "\r\nX-Robots-Tag: b\r\n"));
  MemorySource source(span_of(file));
  DocumentReader documents(source, {}, 1 << 20);
  Batch batch;
  bool done = false;
  ASSERT_FALSE(documents.fill(100, 1 << 20, batch, done));
  ASSERT_EQ(batch.rows(), 4u);
  const auto said = [&](size_t row) {
    std::vector<std::string> out;
    for (size_t column = Batch::robots; column < Batch::kStrings; ++column) {
      const size_t at = row * Batch::kStrings + column;
      out.push_back(batch.text.substr(batch.string_ends[at], batch.string_ends[at + 1] - batch.string_ends[at]));
    }
    return out;
  };
  using Said = std::vector<std::string>;
  EXPECT_EQ(said(0), (Said{"noai\ngptbot:   none", "1", "/p", ""}));
  EXPECT_EQ(said(1), (Said{"\xef\xbf\xbd", "", "", "</l>; rel=License"}));
  EXPECT_EQ(said(2), (Said{"", "", "", ""}));
  EXPECT_EQ(said(3), (Said{"b", "", "", ""}));
}

TEST(Http, UndoesTransfers) {
  const auto decoded = [](const std::string& headers, const std::string& body, BodyOptions options = {}) {
    static BodyDecoder decoder;
    Message message;
    const std::string block = "HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body;
    EXPECT_TRUE(parse_message(block, message));
    EXPECT_EQ(message.status, 200);
    std::string_view out;
    const Failure failure = decoder.decode(message, options, out);
    return failure ? std::string(failure.code) : std::string(out);
  };
  const std::string chunked = "Transfer-Encoding: chunked\r\n", gzip = "Content-Encoding: gzip\r\n";
  EXPECT_EQ(decoded(chunked, "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), "abcde");
  EXPECT_EQ(decoded(chunked, "<p>not chunked"), "<p>not chunked");
  EXPECT_EQ(decoded(chunked, "3\r\nabc\r\nzz"), "HTTP_CHUNK");
  EXPECT_EQ(decoded(chunked, "9\r\nabc"), "HTTP_CHUNK");
  EXPECT_EQ(decoded(chunked, "9\r\nabc", {.partial = true}), "abc");
  EXPECT_EQ(decoded(chunked, "ffffffff\r\nabc", {.partial = true}), "abc");
  EXPECT_EQ(decoded(gzip, member("body")), "body");
  EXPECT_EQ(decoded(gzip, member("bo") + member("dy")), "body");
  EXPECT_EQ(decoded(gzip, "<p>plain"), "<p>plain");
  EXPECT_EQ(decoded(gzip, member("body").substr(0, 16)), "CONTENT_ENCODING");
  EXPECT_EQ(decoded(gzip, member("body").substr(0, 17), {.partial = true}), "bo");
  EXPECT_EQ(decoded("Content-Encoding: gzip, gzip\r\n", member(member("body"))), "body");
  EXPECT_EQ(decoded(gzip, member(member("body"))), member("body"));
  EXPECT_EQ(decoded(gzip, member(member("body")), {.undeclared_gzip = true}), "body");
  EXPECT_EQ(decoded("", member("body"), {.undeclared_gzip = true}), "body");
  EXPECT_EQ(decoded(gzip, member(std::string(5000, 'x')), {.max_bytes = 1000}), "DOCUMENT_TOO_LARGE");
  EXPECT_EQ(decoded("Content-Encoding: compress\r\n", "abc"), "CONTENT_ENCODING");
  EXPECT_EQ(decoded(chunked + gzip, "3\r\n" + member("body").substr(0, 3) + "\r\n40\r\n" + member("body").substr(3)), "HTTP_CHUNK");
}

TEST(Http, MediaTypesAndFoldedHeaders) {
  EXPECT_EQ(media_type("Text/HTML; q=1; Charset=\"ISO-8859-7\"").type, "text/html");
  EXPECT_EQ(media_type("Text/HTML; q=1; Charset=\"ISO-8859-7\"").charset, "ISO-8859-7");
  EXPECT_EQ(media_type("text/html;charset='x'").charset, "x");
  EXPECT_EQ(media_type("text/html").charset, "");
  Message message;
  ASSERT_TRUE(parse_message("HTTP/1.0 404 No\nX-A: one\n two\nX-A: three\n\nbody", message));
  EXPECT_EQ(message.status, 404);
  EXPECT_EQ(find(message.headers, "x-a"), "one\n two");
  EXPECT_EQ(message.body, "body");
  EXPECT_FALSE(parse_message("HTTP/1.0 200 OK\r\nX: " + std::string(70000, 'x') + "\r\n\r\n", message));
}

}  // namespace
}  // namespace millrace::warc
