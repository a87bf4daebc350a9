#include "sandbox/storage/managed_folders.h"

#include <fmt/format.h>

#include "sandbox/storage/resources.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kManagedFolders = "managed_folders";  // by object_key()

json::value view(json::object const& body, std::string const& origin) {
    auto const bucket = text_field(body, "bucket");
    auto const name = text_field(body, "name");
    json::object shown = body;
    shown["kind"] = "storage#managedFolder";
    shown["id"] = object_key(bucket, name);
    shown["selfLink"] =
        fmt::format("{}/storage/v1/b/{}/managedFolders/{}", origin, bucket, encode_segment(name));
    return shown;
}

// Names end with a slash, whether the client writes it or not.
std::string folder_name(std::string name) {
    if (!name.ends_with('/')) name += '/';
    return name;
}

Outcome<Document> find_managed_folder(Transaction& transaction, Call const& call) {
    auto const& bucket = call.path_parameter("bucket");
    TRY(find_bucket(transaction, bucket));
    auto const name = folder_name(call.path_parameter("managedFolder"));
    auto found = TRY(transaction.get(kManagedFolders, object_key(bucket, name)));
    if (found) return std::move(*found);
    return ApiError{.code = ErrorCode::NotFound,
                    .message = "The specified managed folder does not exist.",
                    .legacy_reason = "notFound"};
}

Outcome<Reply> insert(Store& store, Clock& clock, Call& call) {
    auto const& bucket = call.path_parameter("bucket");
    auto const given = text_field(call.fields(), "name");
    if (given.empty()) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = "Required parameter: name",
                        .legacy_reason = "required"};
    }
    return write<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
        TRY(find_bucket(transaction, bucket));
        auto const now = timestamp(clock.wall_now());
        json::object const body{{"bucket", bucket},
                                {"name", folder_name(given)},
                                {"metageneration", "1"},
                                {"createTime", now},
                                {"updateTime", now}};
        auto const key = object_key(bucket, folder_name(given));
        if (TRY(transaction.get(kManagedFolders, key))) {
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message = "The managed folder you tried to create already exists.",
                            .legacy_reason = "conflict"};
        }
        TRY(transaction.insert(kManagedFolders, key, body));
        return reply(view(body, call.origin()));
    });
}

Outcome<Reply> list(Store& store, Call& call) {
    auto const most = TRY(call.page_size("pageSize", 1000, 1000));
    auto const start = TRY(page_start(call.query("pageToken")));
    auto const& bucket = call.path_parameter("bucket");
    auto const prefix = object_key(bucket, call.query("prefix"));
    return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
        TRY(find_bucket(transaction, bucket));
        auto const page = TRY(transaction.list(kManagedFolders, prefix, start, most));
        json::object result{{"kind", "storage#managedFolders"}};
        json::array items;
        for (auto const& document : page.documents) {
            items.push_back(view(document.body.as_object(), call.origin()));
        }
        if (!items.empty()) result["items"] = std::move(items);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

}  // namespace

void serve_managed_folders(Methods& methods, Store& store, Clock& clock) {
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("storage.managedFolders.{}", verb), "v1", handler);
    };
    serve("insert", [&store, &clock](Call& call) { return insert(store, clock, call); });
    serve("list", [&store](Call& call) { return list(store, call); });
    serve("get", [&store](Call& call) {
        return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
            auto const found = TRY(find_managed_folder(transaction, call));
            return reply(view(found.body.as_object(), call.origin()));
        });
    });
    serve("delete", [&store](Call& call) {
        return write<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
            auto const found = TRY(find_managed_folder(transaction, call));
            TRY(transaction.remove(kManagedFolders, found.name));
            http::Response response;
            response.status = 204;
            return Reply(std::move(response));
        });
    });
}

}  // namespace aipress::sandbox
