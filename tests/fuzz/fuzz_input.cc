#include "tests/fuzz/fuzz_input.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/assert.h"
#include "mysql/binlog/byte_reader.h"
#include "mysql/binlog/decoder.h"
#include "mysql/binlog/event_header.h"

namespace aipress::testing {

namespace {

using namespace mysql::binlog;

constexpr std::size_t kMaxBody = 0xffff;
// Longer events have nothing more to teach a fuzzer.
constexpr std::size_t kMaxSeedBody = 800;
// Low, so that a lie about sizes costs the fuzzer no time.
constexpr DecoderLimits kLimits{.cells = 1U << 16U, .unpacked_bytes = 1U << 20U};

Bytes read_file(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    std::string const text{std::istreambuf_iterator<char>(file), {}};
    return BodyBuilder().text(text).body();
}

void check_image(std::optional<RowImage> const& image, Rows const& rows) {
    if (image) ASSERT(image->size() == rows.table->types.size());
}

void check(Event const& event) {
    auto const* rows = std::get_if<Rows>(&event.body);
    if (rows == nullptr) return;
    ASSERT(rows->table != nullptr);
    for (RowChange const& change : rows->changes) {
        ASSERT(change.before.has_value() == (rows->kind != RowsKind::Insert));
        ASSERT(change.after.has_value() == (rows->kind != RowsKind::Delete));
        check_image(change.before, *rows);
        check_image(change.after, *rows);
    }
}

void check(Error const& error) {
    ASSERT(error.code() == ErrorCode::DataLoss || error.code() == ErrorCode::Unimplemented ||
           error.code() == ErrorCode::ResourceExhausted);
}

}  // namespace

void append_fuzz_event(Bytes& input, std::uint8_t type, std::span<std::byte const> body) {
    ASSERT(body.size() <= kMaxBody);
    BodyBuilder event;
    event.number(type, 1).number(body.size(), 2).bytes(body);
    input.insert(input.end(), event.body().begin(), event.body().end());
}

Result<Bytes> fuzz_input_of_log(std::string const& path) {
    Bytes const file = read_file(path);
    ByteReader reader(file);
    TRY(reader.skip(4));
    Bytes input;
    bool has_checksums = false;
    while (!reader.at_end()) {
        EventHeader const header = TRY(read_event_header(reader.rest()));
        auto const event = TRY(reader.read_bytes(header.size));
        if (header.type == EventType::FormatDescription) {
            has_checksums = event[event.size() - kChecksumSize - 1] != std::byte{0};
            continue;
        }
        auto body = event.subspan(kEventHeaderSize);
        if (has_checksums) body = body.first(body.size() - kChecksumSize);
        if (body.size() > kMaxSeedBody) continue;
        append_fuzz_event(input, static_cast<std::uint8_t>(header.type), body);
    }
    return input;
}

FuzzOutcome decode_fuzz_input(std::span<std::byte const> input) {
    Decoder decoder([](auto, auto) { return TableInterest{.wanted = true, .columns = {}}; },
                    kLimits);
    bool const began = decoder.decode(make_format_description("8.0.36", Checksums::Off)).ok();
    ASSERT(began);
    FuzzOutcome outcome;
    while (input.size() >= 3) {
        auto const type = std::to_integer<std::uint8_t>(input[0]);
        auto const size =
            std::min<std::size_t>(little_endian(input.subspan(1, 2)), input.size() - 3);
        auto const body = input.subspan(3, size);
        auto const events = decoder.decode(
            make_event({.type = type}, Bytes(body.begin(), body.end()), Checksums::Off));
        if (events.ok()) {
            ASSERT(!events.value().empty());
            for (Event const& event : events.value()) check(event);
            ++outcome.decoded;
        } else {
            check(events.error());
            ++outcome.refused;
        }
        input = input.subspan(3 + size);
    }
    return outcome;
}

}  // namespace aipress::testing
