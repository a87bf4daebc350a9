#include "json/record_file.h"

#include <boost/json/serialize.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include "json/fields.h"

namespace aipress::json {

namespace bj = boost::json;

namespace {

Error file_error(std::string const& path, std::string_view doing) {
    int const number = errno;
    auto const code = number == ENOENT                       ? ErrorCode::NotFound
                      : number == ENOSPC || number == EDQUOT ? ErrorCode::ResourceExhausted
                      : number == EACCES                     ? ErrorCode::PermissionDenied
                                                             : ErrorCode::Internal;
    return Error(code, fmt::format("{} the journal {}: {}", doing, path, std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

unsigned crc_of(std::string_view text) {
    return static_cast<unsigned>(
        crc32(0, reinterpret_cast<Bytef const*>(text.data()), static_cast<uInt>(text.size())));
}

Error damaged(std::string const& path, std::size_t line, std::string_view why) {
    return {
        ErrorCode::DataLoss,
        fmt::format("the journal {} is damaged at line {}: {}; nothing was changed. Restore the "
                    "file from a copy, or clean up by hand and begin with a new journal",
                    path, line, why)};
}

Result<bj::object> parse_record(std::string_view line) {
    unsigned crc = 0;
    if (line.size() < 10 || line[8] != ' ') return Error(ErrorCode::DataLoss, "not a record");
    auto const [end, failure] = std::from_chars(line.data(), line.data() + 8, crc, 16);
    if (failure != std::errc() || end != line.data() + 8) {
        return Error(ErrorCode::DataLoss, "not a record");
    }
    if (crc != crc_of(line.substr(9))) return Error(ErrorCode::DataLoss, "wrong checksum");
    return parse_object(line.substr(9));
}

// A file named by mistake must not be taken for a journal whose first write was cut short, and
// emptied. The checksum's digits may be any; what follows begins as every header does.
bool may_be_torn_header(std::string_view text, std::string_view format) {
    constexpr std::size_t kChecksumDigits = 8;
    auto const header_begin = fmt::format(R"( {{"{}")", format);
    auto const digits = text.substr(0, kChecksumDigits);
    if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
    auto const rest = text.substr(digits.size()).substr(0, header_begin.size());
    return header_begin.starts_with(rest);
}

// How many bytes are whole records.
Result<std::size_t> parse(std::string const& path, std::string_view format, std::string_view text,
                          RecordVisitor const& visit) {
    std::size_t whole_bytes = 0;
    std::size_t number = 0;
    while (whole_bytes < text.size()) {
        auto const end = text.find('\n', whole_bytes);
        if (end == std::string_view::npos) {
            if (number == 0 && !may_be_torn_header(text, format)) {
                return damaged(path, 1, "it does not begin as a journal does");
            }
            break;
        }
        ++number;
        auto record = parse_record(text.substr(whole_bytes, end - whole_bytes));
        if (!record.ok()) return damaged(path, number, record.error().message());
        if (number == 1 && !record->contains(format)) {
            return damaged(path, number, "it does not begin as a journal does");
        }
        auto visited = visit(record.value());
        if (!visited.ok()) return damaged(path, number, visited.error().message());
        whole_bytes = end + 1;
    }
    return whole_bytes;
}

Result<std::string> read_text(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return file_error(path, "opening");
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

void sync_directory_of(std::string const& path) {
    auto const directory = std::filesystem::absolute(path).parent_path();
    int const descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    ::fsync(descriptor);
    ::close(descriptor);
}

}  // namespace

struct RecordFile::File {
    std::string path;
    int descriptor = -1;
    bool is_damaged = false;  // half a line could not be taken back

    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

RecordFile::RecordFile(std::unique_ptr<File> file, Probe& probe)
    : file_(std::move(file)), probe_(&probe) {}
RecordFile::RecordFile(RecordFile&&) noexcept = default;
RecordFile& RecordFile::operator=(RecordFile&&) noexcept = default;
RecordFile::~RecordFile() = default;

std::string const& RecordFile::path() const {
    return file_->path;
}

Result<void> RecordFile::read(std::string const& path, std::string_view format,
                              RecordVisitor const& visit) {
    auto const text = TRY(read_text(path));
    if (TRY(parse(path, format, text, visit)) == 0) return damaged(path, 1, "it is empty");
    return {};
}

Result<RecordFile> RecordFile::open(std::string const& path, std::string_view format,
                                    RecordVisitor const& visit, Probe& probe) {
    auto file = std::make_unique<File>();
    file->path = path;
    file->descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file->descriptor < 0) return file_error(path, "opening");
    if (::flock(file->descriptor, LOCK_EX | LOCK_NB) != 0) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("another process runs the move of the journal {}", path));
    }
    auto const whole_bytes = TRY(parse(path, format, TRY(read_text(path)), visit));
    if (::ftruncate(file->descriptor, static_cast<off_t>(whole_bytes)) != 0) {
        return file_error(path, "repairing the end of");
    }
    if (whole_bytes == 0) sync_directory_of(path);
    return RecordFile(std::move(file), probe);
}

Result<void> RecordFile::append(std::string_view what, bj::object const& record) {
    if (file_->is_damaged) {
        return Error(ErrorCode::DataLoss,
                     fmt::format("the journal {} could not be written to its end", file_->path));
    }
    auto const text = bj::serialize(record);
    auto const line = fmt::format("{:08x} {}\n", crc_of(text), text);
    probe_->at(fmt::format("journal-{}.before", what));
    auto const end_before = ::lseek(file_->descriptor, 0, SEEK_END);
    std::string_view rest = line;
    while (!rest.empty()) {
        auto const written = ::write(file_->descriptor, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            auto error = file_error(file_->path, "writing");
            // Half a line in the middle would damage the journal once the disk has room again.
            if (::ftruncate(file_->descriptor, end_before) != 0) file_->is_damaged = true;
            return error;
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fdatasync(file_->descriptor) != 0) return file_error(file_->path, "flushing");
    probe_->at(fmt::format("journal-{}.after", what));
    return {};
}

}  // namespace aipress::json
