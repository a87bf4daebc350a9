// decode_file: a whole log from the disk.
#include <array>
#include <fstream>
#include <string>

#include "mysql/binlog/byte_reader.h"
#include "mysql/binlog/decoder.h"
#include "mysql/binlog/event_header.h"
#include "mysql/binlog/event_type.h"

namespace aipress::mysql::binlog {

namespace {

constexpr std::string_view kMagic =
    "\xfe"
    "bin";

bool read_exactly(std::ifstream& file, std::span<std::byte> into) {
    file.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
    return static_cast<std::size_t>(file.gcount()) == into.size();
}

// Encrypted logs hold only this event in clear.
bool starts_encryption(Event const& event) {
    auto const* ignored = std::get_if<Ignored>(&event.body);
    return ignored != nullptr &&
           ignored->type == static_cast<std::uint8_t>(EventType::MariaDbStartEncryption);
}

}  // namespace

Result<std::vector<Event>> decode_file(std::string_view path, TableFilter const& filter) {
    std::ifstream file{std::string(path), std::ios::binary};
    if (!file) return Error(ErrorCode::NotFound, "cannot open " + std::string(path));
    std::array<std::byte, kMagic.size()> magic{};
    if (!read_exactly(file, magic) || as_text(magic) != kMagic) {
        return Error(ErrorCode::DataLoss, "not a binary log: " + std::string(path));
    }

    Decoder decoder(filter);
    std::vector<Event> all;
    while (file.peek() != std::ifstream::traits_type::eof()) {
        std::vector<std::byte> bytes(kEventHeaderSize);
        if (!read_exactly(file, bytes)) return malformed("the file ends in a header");
        EventHeader const header = TRY(read_event_header(bytes));
        // Grown as it is read: the size is not to be trusted with memory yet.
        while (bytes.size() < header.size) {
            std::size_t const at = bytes.size();
            bytes.resize(std::min<std::size_t>(header.size, at + (std::size_t{1} << 20U)));
            if (!read_exactly(file, std::span(bytes).subspan(at))) {
                return malformed("the file ends in an event");
            }
        }
        for (Event& event : TRY(decoder.decode(bytes))) {
            if (starts_encryption(event)) {
                return Error(ErrorCode::Unimplemented, "the binary log is encrypted");
            }
            all.push_back(std::move(event));
        }
    }
    return all;
}

}  // namespace aipress::mysql::binlog
