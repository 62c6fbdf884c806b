/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rest/fault.h"
#include "rest/format.h"

static GBytes *bytes(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

static Element *sample(void)
{
    Element *root = element_new("vm");
    Element *list;

    element_add_attribute(root, "id", "a<b>&\"c");
    element_add_text(root, "name", "x & <y>");
    element_add_int(root, "memory", G_GINT64_CONSTANT(1) << 40);
    element_add_bool(root, "plugged", TRUE);
    element_add_time(root, "time", 1479823200);
    list = element_add(root, "links");
    element_set_text(element_add_repeated(list, "link"), "one", -1);
    element_set_text(element_add_repeated(list, "link"), "two", -1);
    element_add(root, "empty");
    return root;
}

static void expect(GBytes *got, const char *wanted)
{
    g_autofree char *text = g_strndup(g_bytes_get_data(got, NULL), g_bytes_get_size(got));

    g_assert_cmpstr(text, ==, wanted);
    g_bytes_unref(got);
}

static void test_xml_format(void)
{
    g_autoptr(Element) root = sample();

    expect(xml_format(root), "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
                             "<vm id=\"a&lt;b&gt;&amp;&quot;c\">\n"
                             "    <name>x &amp; &lt;y&gt;</name>\n"
                             "    <memory>1099511627776</memory>\n"
                             "    <plugged>true</plugged>\n"
                             "    <time>2016-11-22T14:00:00.000Z</time>\n"
                             "    <links>\n"
                             "        <link>one</link>\n"
                             "        <link>two</link>\n"
                             "    </links>\n"
                             "    <empty/>\n"
                             "</vm>\n");
}

static void test_json_format(void)
{
    g_autoptr(Element) root = sample();

    expect(json_format(root), "{\n"
                              "  \"id\" : \"a<b>&\\\"c\",\n"
                              "  \"name\" : \"x & <y>\",\n"
                              "  \"memory\" : \"1099511627776\",\n"
                              "  \"plugged\" : \"true\",\n"
                              "  \"time\" : 1479823200000,\n"
                              "  \"links\" : {\n"
                              "    \"link\" : [\n"
                              "      \"one\",\n"
                              "      \"two\"\n"
                              "    ]\n"
                              "  },\n"
                              "  \"empty\" : {}\n"
                              "}");
}

/* What a host says can hold anything; both formats stay readable. */
static void test_dirty_text(void)
{
    g_autoptr(Element) root = element_new("e");
    g_autoptr(Element) again = NULL;
    g_autoptr(GBytes) xml = NULL;
    g_autoptr(GError) error = NULL;

    element_add_text(root, "t",
                     "a\x01"
                     "b\xff"
                     "c\xef\xbf\xbe"
                     "d\xf0\x9f\x98\x80");
    xml = xml_format(root);
    again = xml_parse(xml, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(element_value(again, "t"), ==,
                    "a\xef\xbf\xbd"
                    "b\xef\xbf\xbd"
                    "c\xef\xbf\xbd"
                    "d\xf0\x9f\x98\x80");
}

static void test_xml_parse(void)
{
    g_autoptr(GBytes) body =
        bytes("<?xml version='1.0'?>\n<vm id='7' xmlns='urn:x'><!-- c -->\n"
              "  <name>a &amp; b&#33;</name><os><kernel><![CDATA[/k]]></kernel>"
              "</os><network/></vm>");
    g_autoptr(GError) error = NULL;
    g_autoptr(Element) root = xml_parse(body, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(root->name, ==, "vm");
    g_assert_cmpstr(element_value(root, "id"), ==, "7");
    g_assert_cmpstr(element_value(root, "name"), ==, "a & b!");
    g_assert_cmpstr(element_value(element_child(root, "os"), "kernel"), ==, "/k");
    g_assert_true(element_is_empty(element_child(root, "network")));
    g_assert_null(element_child(root, "missing"));
}

static char *nested(const char *open, const char *close, guint depth)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < depth; i++)
        g_string_append(text, open);
    for (guint i = 0; i < depth; i++)
        g_string_append(text, close);
    return g_string_free(text, FALSE);
}

static void refuse(const char *text, gboolean xml, const char *part)
{
    g_autoptr(GBytes) body = bytes(text);
    g_autoptr(GError) error = NULL;
    g_autoptr(Element) root = xml ? xml_parse(body, &error) : json_parse(body, "vm", &error);

    if (root)
        g_error("'%.80s' is accepted", text);
    g_assert_error(error, REST_ERROR, REST_ERROR_SYNTAX);
    if (!strstr(error->message, part))
        g_error("'%s' gives '%s', not '%s'", text, error->message, part);
}

static void test_xml_refused(void)
{
    g_autofree char *deep = nested("<a>", "</a>", 1000);
    GString *wide = g_string_new("<a>");

    refuse("", TRUE, "XML");
    refuse("   ", TRUE, "XML");
    refuse("<vm>", TRUE, "XML");
    refuse("<vm></os>", TRUE, "XML");
    refuse("<vm/><vm/>", TRUE, "XML");
    refuse("{\"name\":1}", TRUE, "XML");
    refuse("<vm>&unknown;</vm>", TRUE, "XML");
    refuse("<vm>text<os/></vm>", TRUE, "text between elements");
    refuse("<vm>\xff</vm>", TRUE, "XML");
    refuse("<vm a='1' a='2'/>", TRUE, "XML");
    refuse("<!DOCTYPE vm SYSTEM 'file:///etc/passwd'><vm/>", TRUE, "document type");
    refuse("<!DOCTYPE vm [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><vm>&x;</vm>", TRUE,
           "document type");
    refuse("<!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
           "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><l>&c;</l>",
           TRUE, "document type");
    refuse(deep, TRUE, "deeper");
    for (guint i = 0; i <= FORMAT_COUNT_LIMIT; i++)
        g_string_append(wide, "<b/>");
    g_string_append(wide, "</a>");
    refuse(wide->str, TRUE, "more elements");
    g_string_free(wide, TRUE);
}

static void test_json_parse(void)
{
    g_autoptr(GBytes) body = bytes(
        "{\"name\":\"a\\u0021\\\"{[\",\"memory\":1073741824,\"plugged\":true,\"none\":null,"
        "\"network\":{},\"cpu\":{\"topology\":{\"sockets\":\"2\"}},\"p\":[{\"n\":1},{\"n\":2}]}");
    g_autoptr(GError) error = NULL;
    g_autoptr(Element) root = json_parse(body, "vm", &error);

    g_assert_no_error(error);
    g_assert_cmpstr(root->name, ==, "vm");
    g_assert_cmpstr(element_value(root, "name"), ==, "a!\"{[");
    g_assert_cmpstr(element_value(root, "memory"), ==, "1073741824");
    g_assert_cmpstr(element_value(root, "plugged"), ==, "true");
    g_assert_null(element_child(root, "none"));
    g_assert_true(element_is_empty(element_child(root, "network")));
    g_assert_cmpstr(element_value(root->last, "n"), ==, "2");
}

static void test_json_refused(void)
{
    g_autofree char *deep = nested("[", "]", 100000);
    g_autofree char *hidden = g_strconcat("/* \" */", deep, NULL);
    GString *wide = g_string_new("{\"a\":[1");

    refuse("", FALSE, "JSON");
    refuse("[]", FALSE, "object");
    refuse("\"x\"", FALSE, "object");
    refuse("{", FALSE, "JSON");
    refuse("{\"a\":1,}", FALSE, "JSON");
    refuse("{'a':1}", FALSE, "JSON");
    refuse("{\"a\":1} // x", FALSE, "JSON");
    refuse("{\"a\":\"\\u0000\"}", FALSE, "JSON");
    refuse("{\"a\":\"\\u0001\"}", FALSE, "not accepted");
    refuse("{\"a\":\"x", FALSE, "JSON");
    refuse("{\"a\":[[1]]}", FALSE, "array in an array");
    refuse("{\"a\":\"\xff\"}", FALSE, "JSON");
    refuse(deep, FALSE, "JSON");
    refuse(hidden, FALSE, "JSON");
    for (guint i = 0; i <= FORMAT_COUNT_LIMIT; i++)
        g_string_append(wide, ",1");
    g_string_append(wide, "]}");
    refuse(wide->str, FALSE, "more members");
    g_string_free(wide, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/format/xml/format", test_xml_format);
    g_test_add_func("/format/json/format", test_json_format);
    g_test_add_func("/format/dirty-text", test_dirty_text);
    g_test_add_func("/format/xml/parse", test_xml_parse);
    g_test_add_func("/format/xml/refused", test_xml_refused);
    g_test_add_func("/format/json/parse", test_json_parse);
    g_test_add_func("/format/json/refused", test_json_refused);
    return g_test_run();
}
