#include "sandbox/storage/object_list.h"

#include <algorithm>
#include <fnmatch.h>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t kMost = 1000;
constexpr std::size_t kScanned = 500;  // documents at a time

// The first text behind all that begin with `prefix`; "" when there is none.
std::string behind(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

// The objects of one collection in order, read as they are asked for.
class Cursor {
public:
    Cursor(Transaction& transaction, std::string_view collection, std::string prefix)
        : transaction_(transaction), collection_(collection), prefix_(std::move(prefix)) {}

    // The first document from `key` on.
    Result<Document const*> seek(std::string const& key) {
        while (at_ < page_.documents.size() && page_.documents[at_].name < key) ++at_;
        if (at_ < page_.documents.size()) return &page_.documents[at_];
        if (is_started_ && page_.next.empty()) return nullptr;
        page_ = TRY(transaction_.list(collection_, prefix_, std::max(key, page_.next), kScanned));
        is_started_ = true;
        at_ = 0;
        return page_.documents.empty() ? nullptr : page_.documents.data();
    }

private:
    Transaction& transaction_;
    std::string_view collection_;
    std::string prefix_;
    Page page_;
    std::size_t at_ = 0;
    bool is_started_ = false;
};

struct Query {
    std::string bucket;
    std::string prefix;
    std::string delimiter;
    std::string start_offset;
    std::string end_offset;
    std::string glob;
    bool with_versions = false;
    bool with_trailing_delimiter = false;
    std::size_t most = kMost;
};

class Lister {
public:
    Lister(Query const& query, std::string origin)
        : query_(query), origin_(std::move(origin)), root_(object_key(query.bucket, "")) {}

    // Fills the page from `key` on.
    Outcome<Done> run(Transaction& transaction, std::string key) {
        Cursor live(transaction, kObjects, root_ + query_.prefix);
        Cursor old(transaction, kOldObjects, root_ + query_.prefix);
        while (true) {
            auto const* const first = TRY(live.seek(key));
            auto const* const other = query_.with_versions ? TRY(old.seek(key)) : nullptr;
            auto const* document = first;
            if (other != nullptr && (first == nullptr || other->name < first->name)) {
                document = other;
            }
            if (document == nullptr) return Done();
            if (items_.size() + prefixes_.size() == query_.most) {
                next_ = document->name;
                return Done();
            }
            auto const following = TRY(take(*document));
            if (following.empty()) return Done();
            key = following;
        }
    }

    json::object result() {
        if (query_.with_versions) sort_by_generation();
        json::object result{{"kind", "storage#objects"}};
        if (!next_.empty()) result["nextPageToken"] = page_token(next_);
        if (!prefixes_.empty()) result["prefixes"] = std::move(prefixes_);
        if (!items_.empty()) result["items"] = std::move(items_);
        return result;
    }

private:
    // The store has the live one in front of its older versions.
    void sort_by_generation() {
        auto const place = [](json::value const& item) {
            auto const& body = item.as_object();
            return std::pair(text_field(body, "name"), std::stoull(text_field(body, "generation")));
        };
        std::sort(items_.begin(), items_.end(),
                  [&](auto const& a, auto const& b) { return place(a) < place(b); });
    }

    // Returns where to look next; "" to stop.
    Outcome<std::string> take(Document const& document) {
        auto const& body = document.body.as_object();
        auto const name = text_field(body, "name");
        if (!query_.end_offset.empty() && name >= query_.end_offset) return std::string();
        auto const following = document.name + '\0';
        if (!query_.delimiter.empty()) {
            auto const at = name.find(query_.delimiter, query_.prefix.size());
            if (at != name.npos) {
                auto const group = name.substr(0, at + query_.delimiter.size());
                prefixes_.emplace_back(group);
                if (!(query_.with_trailing_delimiter && group == name)) {
                    return behind(root_ + group);
                }
            }
        }
        if (!query_.glob.empty() && fnmatch(query_.glob.c_str(), name.c_str(), 0) != 0) {
            return following;
        }
        items_.push_back(object_view(body, origin_));
        return following;
    }

    Query const& query_;
    std::string const origin_;
    std::string const root_;
    json::array items_;
    json::array prefixes_;
    std::string next_;
};

}  // namespace

Outcome<Reply> list_objects(Store const& store, Call const& call) {
    Query query;
    query.bucket = call.path_parameter("bucket");
    query.prefix = call.query("prefix");
    query.delimiter = call.query("delimiter");
    query.start_offset = call.query("startOffset");
    query.end_offset = call.query("endOffset");
    query.glob = call.query("matchGlob");
    query.with_versions = call.flag("versions");
    query.with_trailing_delimiter = call.flag("includeTrailingDelimiter");
    query.most = TRY(call.page_size("maxResults", kMost, kMost));
    auto start = TRY(page_start(call.query("pageToken")));
    if (start.empty()) start = object_key(query.bucket, query.start_offset);
    return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
        TRY(find_bucket(transaction, query.bucket));
        Lister lister(query, call.origin());
        TRY(lister.run(transaction, start));
        return reply(lister.result());
    });
}

}  // namespace aipress::sandbox
