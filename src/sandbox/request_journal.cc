#include "sandbox/request_journal.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>

#include "base/log.h"
#include "json/fields.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

Result<FileDescriptor> open_to_append(fs::path const& path) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file.valid()) {
        return Error(ErrorCode::Unavailable, fmt::format("cannot write '{}'", path.string()))
            .with_native_code(static_cast<unsigned>(errno));
    }
    return file;
}

}  // namespace

Result<std::unique_ptr<RequestJournal>> RequestJournal::open(fs::path path) {
    auto file = TRY(open_to_append(path));
    struct stat status{};
    ::fstat(file.get(), &status);
    auto journal = std::unique_ptr<RequestJournal>(new RequestJournal(
        std::move(path), std::move(file), static_cast<std::uint64_t>(status.st_size)));
    auto const entries = TRY(read_requests(journal->path_));
    if (!entries.empty()) {
        journal->last_id_ =
            static_cast<std::uint64_t>(TRY(json::get_integer(entries.back(), "id")));
    }
    return journal;
}

void RequestJournal::add(boost::json::object entry) {
    std::lock_guard const lock(mutex_);
    boost::json::object numbered{{"id", ++last_id_}};
    for (auto& field : entry) numbered.emplace(field.key(), std::move(field.value()));
    auto const line = boost::json::serialize(numbered) + "\n";
    if (size_ + line.size() > limits::kJournalBytes) {
        std::error_code ignored;
        fs::rename(path_, path_.string() + ".1", ignored);
        if (auto file = open_to_append(path_); file.ok()) {
            file_ = file.release();
            size_ = 0;
        }
    }
    size_ += line.size();
    if (::write(file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        log::warning("the journal of requests lacks one: '{}' cannot be written", path_.string());
    }
}

Result<std::vector<boost::json::object>> read_requests(fs::path const& path) {
    std::ifstream file(path);
    if (!file) {
        return Error(ErrorCode::NotFound, fmt::format("no requests in '{}'", path.string()));
    }
    std::vector<boost::json::object> entries;
    for (std::string line; std::getline(file, line);) {
        auto entry = json::parse_object(line);
        if (entry.ok()) entries.push_back(entry.release());
    }
    return entries;
}

}  // namespace aipress::sandbox
