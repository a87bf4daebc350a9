#include "poc/tenant.h"

#include <array>
#include <fmt/format.h>
#include <random>

namespace aipress::poc {
namespace {

// Of ten tenants in a row; the seed says where the row begins.
constexpr std::array<TrafficClass, 10> kClasses{
    TrafficClass::Medium, TrafficClass::Low,         TrafficClass::Development,
    TrafficClass::High,   TrafficClass::Low,         TrafficClass::Medium,
    TrafficClass::Low,    TrafficClass::Development, TrafficClass::Low,
    TrafficClass::Medium};
constexpr std::array<SiteKind, 5> kKinds{SiteKind::Blog, SiteKind::Shop, SiteKind::Blog,
                                         SiteKind::Legacy, SiteKind::Blog};
constexpr std::array<std::string_view, 8> kFirstWords{"Harbour",  "Quiet",  "Copper", "Café",
                                                      "Northern", "Weekly", "Garden", "Łódź"};
constexpr std::array<std::string_view, 8> kLastWords{
    "Kitchen", "Observer", "Workshop", "Cycling Club", "Gazette", "Records", "& Söhne", "Journal"};

struct Range {
    unsigned from;
    unsigned to;
};
struct ClassSize {
    Range posts, images, comments_per_post, requests_per_hour;
    unsigned largest_image;
};
constexpr ClassSize size_of(TrafficClass traffic) {
    switch (traffic) {
        case TrafficClass::Development:
            return {{4, 9}, {2, 3}, {0, 2}, {1, 5}, 1200};
        case TrafficClass::Low:
            return {{12, 30}, {3, 5}, {1, 4}, {20, 90}, 1600};
        case TrafficClass::Medium:
            return {{40, 80}, {6, 9}, {2, 6}, {300, 900}, 2000};
        case TrafficClass::High:
            return {{110, 170}, {10, 14}, {4, 9}, {3'000, 9'000}, 2400};
    }
    return {};
}

// std::uniform_int_distribution differs between libraries: the same seed must mean the same site.
unsigned pick(std::mt19937_64& random, Range range) {
    return range.from + static_cast<unsigned>(random() % (range.to - range.from + 1));
}

std::string password(std::uint64_t seed) {
    static constexpr std::string_view kLetters =
        "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    std::mt19937_64 random(seed);
    std::string text;
    for (int i = 0; i < 24; ++i) text += kLetters[random() % kLetters.size()];
    return text;
}

}  // namespace

std::string_view to_string(TrafficClass traffic) {
    switch (traffic) {
        case TrafficClass::Development:
            return "development";
        case TrafficClass::Low:
            return "low";
        case TrafficClass::Medium:
            return "medium";
        case TrafficClass::High:
            return "high";
    }
    return "unknown";
}

std::string_view to_string(SiteKind kind) {
    switch (kind) {
        case SiteKind::Blog:
            return "blog";
        case SiteKind::Shop:
            return "shop";
        case SiteKind::Legacy:
            return "legacy";
    }
    return "unknown";
}

std::string Tenant::host() const {
    auto const zone = zone_of(number).dns_name;
    return fmt::format("{}.{}", name, zone.substr(0, zone.size() - 1));
}

std::string Tenant::database_password() const {
    return password(seed ^ 0xdb);
}

std::string Tenant::administrator_password() const {
    return password(seed ^ 0xad);
}

std::array<SessionSecret, 2> Tenant::session_secrets() const {
    return {{{"LOGGED_IN_KEY", name + "-logged-in-key", password(seed ^ 0x1e)},
             {"LOGGED_IN_SALT", name + "-logged-in-salt", password(seed ^ 0x5a)}}};
}

Tenant make_tenant(std::uint64_t seed, unsigned number) {
    Tenant tenant{.number = number, .name = fmt::format("tenant-{:03}", number)};
    // Neighbours must not resemble each other.
    std::mt19937_64 random(seed * 0x9e3779b97f4a7c15 + number);
    tenant.seed = random();
    tenant.traffic = kClasses[(seed + number) % kClasses.size()];
    tenant.kind = kKinds[(seed + number) % kKinds.size()];
    tenant.title = fmt::format("{} {}", kFirstWords[random() % kFirstWords.size()],
                               kLastWords[random() % kLastWords.size()]);
    auto const ranges = size_of(tenant.traffic);
    tenant.size.posts = pick(random, ranges.posts);
    tenant.size.pages = 2 + tenant.size.posts / 10;
    tenant.size.comments = tenant.size.posts * pick(random, ranges.comments_per_post);
    tenant.size.images = pick(random, ranges.images);
    if (tenant.kind != SiteKind::Blog) tenant.size.orders = 20 + 4 * tenant.size.posts;
    tenant.size.largest_image = ranges.largest_image;
    tenant.size.requests_per_hour = pick(random, ranges.requests_per_hour);
    return tenant;
}

DnsZone make_zone(unsigned number) {
    if (number == 1) return {.number = 1, .name = "aipress-io", .dns_name = "aipress.io."};
    return {.number = number,
            .name = fmt::format("aipress-io-b{}", number),
            .dns_name = fmt::format("b{}.aipress.io.", number)};
}

DnsZone zone_of(unsigned tenant) {
    return make_zone((tenant - 1) / kTenantsPerZone + 1);
}

}  // namespace aipress::poc
