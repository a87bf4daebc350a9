// The XML API's list of a bucket's objects, in both of its versions.
// https://cloud.google.com/storage/docs/xml-api/get-bucket-list
#include <fmt/format.h>

#include "sandbox/storage/object_list.h"
#include "sandbox/storage/xml_asked.h"
#include "sandbox/storage/xml_errors.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kNamespace = "http://doc.s3.amazonaws.com/2006-03-01";

// How a list is asked for, beside what ObjectQuery has.
struct ListForm {
    bool is_version_2 = false;
    bool is_encoded = false;  // names with percent signs: for those that XML cannot hold
    std::string marker = {};

    [[nodiscard]] std::string name(std::string_view text) const {
        return is_encoded ? encode_segment(text) : std::string(text);
    }
    [[nodiscard]] std::string named(std::string_view element, std::string_view text) const {
        return xml_element(element, name(text));
    }
};

std::string parameter(http::Request const& request, std::string_view name) {
    return std::string(request.parameter(name).value_or(""));
}

std::string contents(ListForm const& form, json::object const& object) {
    auto const updated = text_field(object, "updated");  // "2026-11-25T18:30:00.123456Z"
    return "<Contents>" + form.named("Key", text_field(object, "name")) +
           xml_element("Generation", text_field(object, "generation")) +
           xml_element("MetaGeneration", text_field(object, "metageneration")) +
           xml_element("LastModified", updated.substr(0, 23) + "Z") +
           xml_element("ETag", xml_etag(object)) + xml_element("Size", text_field(object, "size")) +
           "</Contents>";
}

// The last name of a page that is not the last one.
std::string last_name(ObjectPage const& page) {
    auto last = page.prefixes.empty() ? std::string() : page.prefixes.back();
    if (page.objects.empty()) return last;
    return std::max(last, text_field(page.objects.back(), "name"));
}

std::string result(ListForm const& form, ObjectQuery const& query, ObjectPage const& page,
                   std::string const& token) {
    auto text = fmt::format("<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='{}'>",
                            kNamespace);
    text += xml_element("Name", query.bucket) + form.named("Prefix", query.prefix);
    if (form.is_version_2) {
        text += fmt::format("<KeyCount>{}</KeyCount>", page.objects.size() + page.prefixes.size());
        if (!token.empty()) text += xml_element("ContinuationToken", token);
        if (!form.marker.empty()) text += form.named("StartAfter", form.marker);
        if (!page.next.empty()) text += xml_element("NextContinuationToken", page_token(page.next));
    } else {
        text += form.named("Marker", form.marker);
        if (!page.next.empty()) text += form.named("NextMarker", last_name(page));
    }
    if (!query.delimiter.empty()) text += form.named("Delimiter", query.delimiter);
    if (form.is_encoded) text += xml_element("EncodingType", "url");
    text += xml_element("IsTruncated", page.next.empty() ? "false" : "true");
    for (auto const& object : page.objects) text += contents(form, object);
    for (auto const& prefix : page.prefixes) {
        text += "<CommonPrefixes>" + form.named("Prefix", prefix) + "</CommonPrefixes>";
    }
    return text + "</ListBucketResult>";
}

}  // namespace

Outcome<http::Response> XmlApi::list(Asked const& asked) {
    TRY(check_access(asked, "storage.objects.list"));
    auto const& request = asked.request;
    ListForm form{.is_version_2 = parameter(request, "list-type") == "2",
                  .is_encoded = parameter(request, "encoding-type") == "url"};
    form.marker = parameter(request, form.is_version_2 ? "start-after" : "marker");
    ObjectQuery query{.bucket = asked.target.bucket,
                      .prefix = parameter(request, "prefix"),
                      .delimiter = parameter(request, "delimiter")};
    if (auto const most = parameter(request, "max-keys"); !most.empty()) {
        auto const number = parse_number(most);
        if (!number) {
            return xml_error("InvalidArgument",
                             fmt::format("max-keys is '{}': it must be a number.", most));
        }
        query.most = std::min<std::size_t>(*number, kObjectsOfPage);
    }
    auto const token = form.is_version_2 ? parameter(request, "continuation-token") : "";
    query.start = TRY(page_start(token));
    if (query.start.empty() && !form.marker.empty()) {
        query.start = start_behind(query, form.marker);
    }
    ObjectPage page;
    if (query.most > 0 && request.method != "HEAD") {
        page = TRY(read<ObjectPage>(parts_.store, [&](Transaction& transaction) {
            return find_objects(transaction, query);
        }));
    }
    http::Response response;
    response.headers.add("Content-Type", "application/xml; charset=UTF-8");
    response.headers.add("Cache-Control", "private, max-age=0");
    response.body = result(form, query, page, token);
    return response;
}

}  // namespace aipress::sandbox
