/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/procedure.h"

#include "filterd/rpc/fault.h"

#define NONE                                                                                       \
    {                                                                                              \
        NULL, 0                                                                                    \
    }
#define FORM(name)                                                                                 \
    {                                                                                              \
        (xdrproc_t) xdr_##name, sizeof(name)                                                       \
    }

/* Numbers, forms: libvirt's remote protocol. */
static const Procedure procedures[] = {
    {1, "virConnectOpen", FORM(rpc_open_args), NONE, PROCEDURE_EARLY, call_open},
    {2, "virConnectClose", NONE, NONE, PROCEDURE_EARLY, call_close},
    {3, "virConnectGetType", NONE, FORM(rpc_text_value), 0, call_type},
    {4, "virConnectGetVersion", NONE, NONE, 0, NULL},
    {6, "virNodeGetInfo", NONE, NONE, 0, NULL},
    {7, "virConnectGetCapabilities", NONE, NONE, 0, NULL},
    {25, "virConnectNumOfDefinedDomains", NONE, NONE, 0, NULL},
    {51, "virConnectNumOfDomains", NONE, NONE, 0, NULL},
    {59, "virConnectGetHostname", NONE, NONE, 0, NULL},
    {60, "virConnectSupportsFeature", FORM(rpc_number), FORM(rpc_number), PROCEDURE_EARLY,
     call_feature},
    {66, "virConnectAuthList", NONE, FORM(rpc_numbers), PROCEDURE_EARLY, call_auth},
    {102, "virNodeGetFreeMemory", NONE, NONE, 0, NULL},
    {110, "virConnectGetURI", NONE, FORM(rpc_text_value), 0, call_uri},
    {122, "virNodeGetSecurityModel", NONE, NONE, 0, NULL},
    {149, "virConnectIsSecure", NONE, FORM(rpc_number), 0, call_yes},
    {157, "virConnectGetLibVersion", NONE, FORM(rpc_long_number), 0, call_library},
    {175, "virNWFilterLookupByName", FORM(rpc_text_value), FORM(rpc_filter_value), 0,
     call_filter_by_name},
    {176, "virNWFilterLookupByUUID", FORM(rpc_uuid_value), FORM(rpc_filter_value), 0,
     call_filter_by_uuid},
    {177, "virNWFilterGetXMLDesc", FORM(rpc_filter_flags), FORM(rpc_text_value), 0,
     call_filter_xml},
    {178, "virConnectNumOfNWFilters", NONE, FORM(rpc_number), 0, call_filter_count},
    {179, "virConnectListNWFilters", FORM(rpc_number), FORM(rpc_texts), 0, call_filter_names},
    {180, "virNWFilterDefineXML", FORM(rpc_text_value), FORM(rpc_filter_value), PROCEDURE_WRITES,
     call_filter_define},
    {181, "virNWFilterUndefine", FORM(rpc_filter_value), NONE, PROCEDURE_WRITES,
     call_filter_undefine},
    {273, "virConnectListAllDomains", FORM(rpc_list_args), NONE, 0, NULL},
    {286, "virConnectListAllNWFilters", FORM(rpc_list_args), FORM(rpc_filters), 0, call_filters},
    {360, "virConnectRegisterCloseCallback", NONE, NONE, 0, call_nothing},
    {361, "virConnectUnregisterCloseCallback", NONE, NONE, 0, call_nothing},
    {397, "virNWFilterBindingLookupByPortDev", FORM(rpc_text_value), FORM(rpc_binding_value), 0,
     call_binding_by_port},
    {398, "virNWFilterBindingGetXMLDesc", FORM(rpc_binding_flags), FORM(rpc_text_value), 0,
     call_binding_xml},
    {399, "virNWFilterBindingCreateXML", FORM(rpc_text_flags), FORM(rpc_binding_value),
     PROCEDURE_WRITES, call_binding_create},
    {400, "virNWFilterBindingDelete", FORM(rpc_binding_value), NONE, PROCEDURE_WRITES,
     call_binding_delete},
    {401, "virConnectListAllNWFilterBindings", FORM(rpc_list_args), FORM(rpc_bindings), 0,
     call_bindings},
    {431, "virNWFilterDefineXMLFlags", FORM(rpc_text_flags), FORM(rpc_filter_value),
     PROCEDURE_WRITES, call_filter_define_flags},
};

const Procedure *procedure_lookup(gint32 number)
{
    for (gsize i = 0; i < G_N_ELEMENTS(procedures); i++)
        if (procedures[i].number == number)
            return &procedures[i];
    return NULL;
}

GError *not_open(gboolean about_filters)
{
    return g_error_new(FAULT_PROTOCOL, FILTERD_ERROR_INTERNAL, "%sconnection not open",
                       about_filters ? "" : "hypervisor ");
}

gboolean flags_check(guint flags, guint known, const char *function, GError **error)
{
    if ((flags & ~known) == 0)
        return TRUE;
    g_set_error(error, FAULT_FLAGS, FILTERD_ERROR_INVALID_ARG,
                "unsupported flags (0x%x) in function %s", flags & ~known, function);
    return FALSE;
}
