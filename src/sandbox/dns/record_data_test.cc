#include "sandbox/dns/record_data.h"

#include <gmock/gmock.h>

namespace aipress::sandbox::dns {
namespace {

struct Example {
    std::string_view type;
    std::string_view text;
    std::string_view canonical;  // empty: it is none
};

TEST(RecordData, HasOneSpelling) {
    for (auto const& [type, text, canonical] : std::initializer_list<Example>{
             {"A", "192.0.2.1", "192.0.2.1"},
             {"AAAA", "2001:DB8:0::1", "2001:db8::1"},
             {"CNAME", "Www.Example.", "www.example."},
             {"MX", "  010\tMail.Example. ", "10 mail.example."},
             {"SRV", "0 5 5060 sip.example.", "0 5 5060 sip.example."},
             {"TXT", "v=spf1", "\"v=spf1\""},
             {"TXT", R"("a b" c "d\"e\\f\059")", R"("a b" "c" "d\"e\\f;")"},
             {"TXT", "\"\xc3\xa4\"", R"("\195\164")"},
             {"SPF", "\"\"", "\"\""},
             {"CAA", "0 ISSUE \"ca.example\"", "0 issue \"ca.example\""},
             {"SOA", "NS.example. host.example. 7 1 2 3 4", "ns.example. host.example. 7 1 2 3 4"},
             {"DS", "60485 5 1 2bb183af 5f22588179", "60485 5 1 2BB183AF5F22588179"},
             {"TLSA", "3 1 1 aabb", "3 1 1 AABB"},
             {"SSHFP", "1 1 AAbb", "1 1 AABB"},
             {"DNSKEY", "256 3 5 AQPSKmyn fzW4kyBv", "256 3 5 AQPSKmynfzW4kyBv"},
             {"NAPTR", "100 10 U E2U+sip !^.*$!sip:i@example.com! .",
              R"(100 10 "U" "E2U+sip" "!^.*$!sip:i@example.com!" .)"},
             {"IPSECKEY", "10 1 2 192.0.2.38 AQNR", "10 1 2 192.0.2.38 AQNR"},
             {"IPSECKEY", "10 0 0 .", "10 0 0 ."},
             {"HTTPS", "1 . alpn=h3,h2 ipv4hint=192.0.2.1,192.0.2.2 port=8443",
              "1 . alpn=\"h3,h2\" ipv4hint=192.0.2.1,192.0.2.2 port=8443"},
             {"SVCB", "0 other.example.", "0 other.example."}}) {
        EXPECT_EQ(canonical_data(type, text), canonical) << type << " " << text;
        EXPECT_EQ(canonical_data(type, canonical), canonical) << "twice: " << type;
    }
}

TEST(RecordData, ThatIsNoneOfItsTypeIsRefused) {
    for (auto const& [type, text, canonical] :
         std::initializer_list<Example>{{"A", "", ""},
                                        {"A", "192.0.2.256", ""},
                                        {"A", "192.0.2.1 192.0.2.2", ""},
                                        {"A", "2001:db8::1", ""},
                                        {"AAAA", "192.0.2.1", ""},
                                        {"CNAME", "www.example", ""},
                                        {"CNAME", "*.example.", ""},
                                        {"MX", "mail.example.", ""},
                                        {"MX", "65536 mail.example.", ""},
                                        {"MX", "-1 mail.example.", ""},
                                        {"TXT", "", ""},
                                        {"TXT", "\"open", ""},
                                        {"TXT", "a\nb", ""},
                                        {"TXT", "\"a\nwww 60 A 192.0.2.1\"", ""},
                                        {"TXT", "a ; comment", ""},
                                        {"TXT", "(a)", ""},
                                        {"TXT", R"(\256)", ""},
                                        {"TXT", "\\", ""},
                                        {"CAA", "0 \"issue\" \"ca.example\"", ""},
                                        {"SOA", "ns.example. host.example. 7 1 2 3", ""},
                                        {"DS", "60485 5 1 2bb", ""},
                                        {"DS", "60485 5 1", ""},
                                        {"DNSKEY", "256 3 5 ?", ""},
                                        {"IPSECKEY", "10 1 2 192.0.2.38", ""},
                                        {"IPSECKEY", "10 3 0 192.0.2.38 AQNR", ""},
                                        {"HTTPS", "0 . port=443", ""},
                                        {"HTTPS", "1 . port=443 port=443", ""},
                                        {"HTTPS", "1 . no-default-alpn", ""},
                                        {"HTTPS", "1 . alpn=\"h2,\"", ""},
                                        {"HTTPS", "1 . key=value", ""}}) {
        EXPECT_EQ(canonical_data(type, text), std::nullopt) << type << " " << text;
    }
    EXPECT_EQ(canonical_data("TXT", std::string(256, 'a')), std::nullopt);
    EXPECT_TRUE(canonical_data("TXT", std::string(255, 'a')));
    EXPECT_FALSE(is_record_type("ALIAS"));
    EXPECT_FALSE(is_record_type("a"));
}

TEST(RecordData, ASoaHasASerial) {
    constexpr std::string_view kSoa = "ns.example. host.example. 7 21600 3600 259200 300";
    EXPECT_EQ(serial_of(kSoa), 7);
    EXPECT_EQ(with_serial(kSoa, 4'294'967'295),
              "ns.example. host.example. 4294967295 21600 3600 259200 300");
}

}  // namespace
}  // namespace aipress::sandbox::dns
