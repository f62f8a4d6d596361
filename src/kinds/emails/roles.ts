/* Names of accounts that are a role and no person: mail to them reaches a department, or nobody. Policy, not fact: `info@` exists. */

const ROLES = new Set(
  `abuse account accounting accounts accountspayable accountsreceivable admin administration administrator administrativo administracion advertising ads all alumni
  amministrazione anfrage angebot ap ar assistance auskunft bestellung bewerbung billing board bookings booking bookkeeping buchhaltung business campaign career
  careers catering cio ciao compliance comercial commercial commerciale compras comptabilite contabilidad contabilita contact contacto contactus contatti contato
  contracts cs customer customercare customerservice customersupport data datenschutz desk direccion direction director dispatch dpo einkauf empfang empleo
  employment enquiries enquiry envios events export facilities facturacion facturation fattura faq fax feedback finance finanzas frontdesk ftp fundraising general
  geral gdpr hallo hello help helpdesk hi hola hostmaster hr hrdepartment human.resources humanresources impressum info info-de infodesk informacion informations
  information inquiries inquiry intake investor investors invoice invoices invoicing it jobs kontakt kundenservice kundendienst kunden legal lists logistica
  logistics mail mailbox mailer-daemon mailerdaemon mailing management manager marketing media membership merchandise moderator newsletter no-reply noc noreply
  no_reply notifications notification nobody office oficina operations ops order orders ordini orga partner partners partnership payments payroll personal
  postmaster post poststelle presse press pr privacy procurement production project projects public purchase purchasing recepcion reception rechnung rechnungen
  recruiting recruitment recursos.humanos redaktion referrals registrar registration remove request requests reservation reservations reservas root rrhh sales
  sample schedule secretaria secretariat secretary security sekretariat seo service serviceclient services shipping shop site soporte spam sponsorship staff
  stage store studio subscribe subscription subscriptions suporte support sysadmin system team tech technical techsupport test testing ticket tickets trade
  training travel treasurer tour undisclosed-recipients unsubscribe urlaub usenet uucp vendas vente ventas verwaltung vertrieb verkauf volunteer web webadmin
  webmaster website welcome whois work www zentrale`.split(/\s+/),
);

/** Whether the part in front of the @ is a role: also with a tag behind it (`info+berlin`) or a number (`sales2`). */
export function isRole(local: string): boolean {
  const [name = ''] = local.toLowerCase().split('+', 1);
  const unnumbered = name.slice(0, name.length - (/\d{1,3}$/.exec(name.slice(-3))?.[0].length ?? 0));
  return [name, unnumbered, unnumbered.slice(0, -1)].some((one, place) => ROLES.has(one) && (place < 2 || /[._-]$/.test(unnumbered))) || ROLES.has(name.replaceAll(/[._-]/g, ''));
}
