#include "sandbox/storage/object_list.h"

#include <algorithm>
#include <boost/json/value_from.hpp>
#include <fnmatch.h>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

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

class Lister {
public:
    explicit Lister(ObjectQuery const& query) : query_(query), root_(start_at(query, "")) {}

    Outcome<ObjectPage> run(Transaction& transaction) {
        TRY(fill(transaction));
        if (query_.with_versions) sort_by_generation();
        return std::move(page_);
    }

private:
    Outcome<Done> fill(Transaction& transaction) {
        auto key = std::max(query_.start, root_);
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
            if (page_.objects.size() + page_.prefixes.size() == query_.most) {
                page_.next = document->name;
                return Done();
            }
            auto const following = TRY(take(*document));
            if (following.empty()) return Done();
            key = following;
        }
    }

    // The store has the live one in front of its older versions.
    void sort_by_generation() {
        auto const place = [](json::object const& body) {
            return std::pair(text_field(body, "name"), std::stoull(text_field(body, "generation")));
        };
        std::sort(page_.objects.begin(), page_.objects.end(),
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
                page_.prefixes.push_back(group);
                if (!(query_.with_trailing_delimiter && group == name)) {
                    return behind(root_ + group);
                }
            }
        }
        if (!query_.glob.empty() && fnmatch(query_.glob.c_str(), name.c_str(), 0) != 0) {
            return following;
        }
        page_.objects.push_back(body);
        return following;
    }

    ObjectQuery const& query_;
    std::string const root_;
    ObjectPage page_;
};

}  // namespace

std::string start_at(ObjectQuery const& query, std::string_view offset) {
    return object_key(query.bucket, offset);
}

std::string start_behind(ObjectQuery const& query, std::string_view marker) {
    bool const is_group = !query.delimiter.empty() && marker.size() > query.prefix.size() &&
                          marker.ends_with(query.delimiter);
    return is_group ? behind(start_at(query, marker)) : start_at(query, marker) + '\0';
}

Outcome<ObjectPage> find_objects(Transaction& transaction, ObjectQuery const& query) {
    TRY(find_bucket(transaction, query.bucket));
    return Lister(query).run(transaction);
}

Outcome<Reply> list_objects(Store const& store, Call const& call) {
    ObjectQuery query;
    query.bucket = call.path_parameter("bucket");
    query.prefix = call.query("prefix");
    query.delimiter = call.query("delimiter");
    query.end_offset = call.query("endOffset");
    query.glob = call.query("matchGlob");
    query.with_versions = call.flag("versions");
    query.with_trailing_delimiter = call.flag("includeTrailingDelimiter");
    query.most = TRY(call.page_size("maxResults", kObjectsOfPage, kObjectsOfPage));
    query.start = TRY(page_start(call.query("pageToken")));
    if (query.start.empty()) query.start = start_at(query, call.query("startOffset"));
    auto page = TRY(read<ObjectPage>(
        store, [&](Transaction& transaction) { return find_objects(transaction, query); }));
    json::object result{{"kind", "storage#objects"}};
    if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
    if (!page.prefixes.empty()) result["prefixes"] = json::value_from(page.prefixes);
    json::array items;
    for (auto const& object : page.objects) items.push_back(object_view(object, call.origin()));
    if (!items.empty()) result["items"] = std::move(items);
    return reply(std::move(result));
}

}  // namespace aipress::sandbox
