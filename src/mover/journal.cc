#include "mover/journal.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <random>
#include <sstream>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include "json/fields.h"

namespace aipress::mover {

namespace bj = boost::json;

namespace {

constexpr int kVersion = 1;

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

Result<State> state_of(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(State::RolledBack); ++i) {
        auto const state = static_cast<State>(i);
        if (to_string(state) == name) return state;
    }
    return Error(ErrorCode::DataLoss, fmt::format("unknown state '{}'", name));
}

bj::object to_json(Effect const& effect) {
    return {{"side", std::string(to_string(effect.side))},
            {"scope", effect.scope},
            {"what", effect.what},
            {"object", effect.object},
            {"undo_sql", effect.undo_sql}};
}

Result<Effect> effect_of(bj::value const& value) {
    if (!value.is_object()) return Error(ErrorCode::DataLoss, "an effect that is no object");
    auto const& object = value.get_object();
    Effect effect;
    effect.side = TRY(json::get_string(object, "side")) == "source" ? Side::Source : Side::Target;
    effect.scope = TRY(json::get_string(object, "scope"));
    effect.what = TRY(json::get_string(object, "what"));
    effect.object = TRY(json::get_string(object, "object"));
    effect.undo_sql = TRY(json::get_string(object, "undo_sql"));
    return effect;
}

bj::array accounts_to_json(std::vector<Account> const& accounts) {
    bj::array array;
    for (auto const& account : accounts) array.emplace_back(account.quoted());
    return array;
}

Result<std::vector<Account>> accounts_of(bj::value const& value) {
    if (!value.is_array()) return Error(ErrorCode::DataLoss, "accounts that are no list");
    std::vector<Account> accounts;
    for (auto const& element : value.get_array()) {
        if (!element.is_string()) return Error(ErrorCode::DataLoss, "an account that is no text");
        accounts.push_back(TRY(parse_account(element.get_string())));
    }
    return accounts;
}

Result<void> apply_header(bj::object const& record, JournalContent& content) {
    auto const version = TRY(json::get_integer(record, "aipress_journal"));
    if (version != kVersion) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("version {} of the format is not known here", version));
    }
    content.move_id = TRY(json::get_string(record, "move_id"));
    content.source = TRY(json::get_string(record, "source"));
    content.target = TRY(json::get_string(record, "target"));
    return {};
}

// What one record says, added to what those before it said.
Result<void> apply(bj::object const& record, JournalContent& content) {
    if (record.contains("aipress_journal")) return apply_header(record, content);
    if (record.contains("state")) {
        content.state = TRY(state_of(TRY(json::get_string(record, "state"))));
        if (auto const* report = record.if_contains("report"); report && report->is_object()) {
            content.report = report->get_object();
        }
    } else if (record.contains("owner")) {
        content.owner =
            TRY(json::get_string(record, "owner")) == "source" ? Side::Source : Side::Target;
    } else if (record.contains("paused")) {
        content.paused = TRY(json::get_bool(record, "paused"));
    } else if (record.contains("reverse_kept")) {
        content.reverse_kept = TRY(json::get_bool(record, "reverse_kept"));
    } else if (record.contains("on_switch")) {
        content.on_switch = TRY(json::get_string(record, "on_switch"));
    } else if (auto const* named = record.if_contains("named_accounts")) {
        content.named_accounts = TRY(accounts_of(*named));
    } else if (auto const* accounts = record.if_contains("accounts")) {
        bool const on_source = TRY(json::get_string(record, "side")) == "source";
        (on_source ? content.source_accounts : content.target_accounts) =
            TRY(accounts_of(*accounts));
    } else if (record.contains("rolling_back")) {
        content.rolling_back = TRY(json::get_bool(record, "rolling_back"));
    } else if (record.contains("start")) {
        content.start = TRY(mysql::binlog::parse_position(TRY(json::get_string(record, "start"))));
    } else if (record.contains("reverse_start")) {
        content.reverse_start =
            TRY(mysql::binlog::parse_position(TRY(json::get_string(record, "reverse_start"))));
    } else if (record.contains("schema_hash")) {
        content.schema_hash = TRY(json::get_string(record, "schema_hash"));
        if (auto const* objects = record.if_contains("objects"); objects && objects->is_object()) {
            content.objects = objects->get_object();
        }
    } else if (auto const* intended = record.if_contains("intend")) {
        auto effect = TRY(effect_of(*intended));
        if (std::find(content.effects.begin(), content.effects.end(), effect) ==
            content.effects.end()) {
            content.effects.push_back(std::move(effect));
        }
    } else if (auto const* undone = record.if_contains("undone")) {
        std::erase(content.effects, TRY(effect_of(*undone)));
    } else {
        return Error(ErrorCode::DataLoss, "a record of an unknown kind");
    }
    return {};
}

Error damaged(std::string const& path, std::size_t line, std::string_view why) {
    return {
        ErrorCode::DataLoss,
        fmt::format("the journal {} is damaged at line {}: {}; nothing was changed. Restore the "
                    "file from a copy, or clean up by hand and begin with a new journal",
                    path, line, why)};
}

Result<bj::object> parse_line(std::string_view line) {
    unsigned crc = 0;
    if (line.size() < 10 || line[8] != ' ') return Error(ErrorCode::DataLoss, "not a record");
    auto const [end, failure] = std::from_chars(line.data(), line.data() + 8, crc, 16);
    if (failure != std::errc() || end != line.data() + 8) {
        return Error(ErrorCode::DataLoss, "not a record");
    }
    if (crc != crc_of(line.substr(9))) return Error(ErrorCode::DataLoss, "wrong checksum");
    return json::parse_object(line.substr(9));
}

// A file named by mistake must not be taken for a journal whose first write was cut short, and
// emptied. The checksum's digits may be any; what follows begins as every header does.
bool may_be_torn_header(std::string_view text) {
    constexpr std::size_t kChecksumDigits = 8;
    constexpr std::string_view kHeaderBegin = R"( {"aipress_journal")";
    auto const digits = text.substr(0, kChecksumDigits);
    if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
    auto const rest = text.substr(digits.size()).substr(0, kHeaderBegin.size());
    return kHeaderBegin.starts_with(rest);
}

struct Parsed {
    JournalContent content;
    std::size_t whole_bytes = 0;  // without a line that a crash cut short
};

Result<Parsed> parse(std::string const& path, std::string_view text) {
    Parsed parsed;
    std::size_t number = 0;
    while (parsed.whole_bytes < text.size()) {
        auto const end = text.find('\n', parsed.whole_bytes);
        if (end == std::string_view::npos) {
            if (number == 0 && !may_be_torn_header(text)) {
                return damaged(path, 1, "it does not begin as a journal does");
            }
            break;
        }
        ++number;
        auto record = parse_line(text.substr(parsed.whole_bytes, end - parsed.whole_bytes));
        if (!record.ok()) return damaged(path, number, record.error().message());
        if (number == 1 && !record->contains("aipress_journal")) {
            return damaged(path, number, "it does not begin as a journal does");
        }
        auto applied = apply(record.value(), parsed.content);
        if (!applied.ok()) return damaged(path, number, applied.error().message());
        parsed.whole_bytes = end + 1;
    }
    return parsed;
}

Result<std::string> read_text(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return file_error(path, "opening");
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

std::string new_move_id() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

void sync_directory_of(std::string const& path) {
    auto const directory = std::filesystem::absolute(path).parent_path();
    int const descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    ::fsync(descriptor);
    ::close(descriptor);
}

}  // namespace

struct Journal::File {
    std::string path;
    int descriptor = -1;
    bool is_damaged = false;  // half a line could not be taken back

    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

Journal::Journal(std::unique_ptr<File> file, Probe& probe)
    : file_(std::move(file)), probe_(&probe) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<JournalContent> Journal::read(std::string const& path) {
    auto const text = TRY(read_text(path));
    auto parsed = TRY(parse(path, text));
    if (parsed.content.move_id.empty()) return damaged(path, 1, "it is empty");
    return std::move(parsed.content);
}

Result<Journal> Journal::open(std::string const& path, std::string const& source,
                              std::string const& target, Probe& probe) {
    auto file = std::make_unique<File>();
    file->path = path;
    file->descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file->descriptor < 0) return file_error(path, "opening");
    if (::flock(file->descriptor, LOCK_EX | LOCK_NB) != 0) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("another process runs the move of the journal {}", path));
    }
    auto parsed = TRY(parse(path, TRY(read_text(path))));
    if (::ftruncate(file->descriptor, static_cast<off_t>(parsed.whole_bytes)) != 0) {
        return file_error(path, "repairing the end of");
    }
    Journal journal(std::move(file), probe);
    journal.content_ = std::move(parsed.content);
    auto const& content = journal.content_;
    if (!content.move_id.empty() && (content.source != source || content.target != target)) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the journal {} belongs to another move, {} → {}; name a new file "
                                 "for {} → {}",
                                 path, content.source, content.target, source, target));
    }
    if (content.move_id.empty()) {
        TRY(journal.append("header", {{"aipress_journal", kVersion},
                                      {"move_id", new_move_id()},
                                      {"source", source},
                                      {"target", target}}));
        sync_directory_of(path);
    }
    return journal;
}

Result<void> Journal::append(std::string_view what, bj::object const& record) {
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
    return apply(record, content_);
}

Result<void> Journal::set_state(State state, bj::object report) {
    return append(to_string(state),
                  {{"state", std::string(to_string(state))}, {"report", std::move(report)}});
}

Result<void> Journal::set_owner(Side owner) {
    return append("owner", {{"owner", std::string(to_string(owner))}});
}

Result<void> Journal::set_paused(bool paused) {
    return append("paused", {{"paused", paused}});
}

Result<void> Journal::set_reverse_kept(bool kept) {
    return append("reverse-kept", {{"reverse_kept", kept}});
}

Result<void> Journal::set_on_switch(std::string const& command) {
    return append("on-switch", {{"on_switch", command}});
}

Result<void> Journal::set_named_accounts(std::vector<Account> const& accounts) {
    return append("accounts", {{"named_accounts", accounts_to_json(accounts)}});
}

Result<void> Journal::set_accounts(Side side, std::vector<Account> const& accounts) {
    return append("accounts",
                  {{"accounts", accounts_to_json(accounts)}, {"side", to_string(side)}});
}

Result<void> Journal::set_rolling_back(bool rolling_back) {
    return append("rolling-back", {{"rolling_back", rolling_back}});
}

Result<void> Journal::set_start(mysql::binlog::Position const& position) {
    return append("start", {{"start", position.to_string()}});
}

Result<void> Journal::set_reverse_start(mysql::binlog::Position const& position) {
    return append("reverse-start", {{"reverse_start", position.to_string()}});
}

Result<void> Journal::set_schema(std::string const& hash, bj::object objects) {
    return append("schema-hash", {{"schema_hash", hash}, {"objects", std::move(objects)}});
}

Result<void> Journal::intend(Effect const& effect) {
    auto const& effects = content_.effects;
    if (std::find(effects.begin(), effects.end(), effect) != effects.end()) return {};
    return append("intend", {{"intend", to_json(effect)}});
}

Result<void> Journal::undone(Effect const& effect) {
    return append("undone", {{"undone", to_json(effect)}});
}

std::vector<Effect> Journal::outstanding(Side side, std::string_view scope) const {
    std::vector<Effect> found;
    for (auto const& effect : content_.effects) {
        if (effect.side == side && effect.scope == scope) found.push_back(effect);
    }
    return found;
}

}  // namespace aipress::mover
