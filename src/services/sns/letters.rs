//! E-mails and text messages, in the forms that AWS sends them in.

use crate::world::World;
use crate::world::mailbox::{Letter, Medium};

use super::SubscriptionPlace;
use super::message::{Attribute, Content, Kind, Message, unsubscribe_url};
use super::protocol::Protocol;

/// Who sends e-mails of topics without a display name, and all that ask for a confirmation.
const SENDER: &str = "AWS Notifications";
const ADDRESS: &str = "no-reply@sns.amazonaws.com";
/// Who sends text messages that name no sender.
const SMS_SENDER: &str = "NOTICE";

/// Puts a message for a subscriber into the mailbox.
pub fn send(world: &mut World, place: &SubscriptionPlace, message: &Message) {
    let Some(topic) = place.topic.find(world) else { return };
    let Some(subscription) = topic.subscriptions.get(&place.id) else { return };
    let display_name = topic.settings.display_name.as_str();
    let (protocol, base_url) = (subscription.protocol, subscription.base_url.as_str());
    let is_notification = message.kind == Kind::Notification;
    let sender = if display_name.is_empty() || !is_notification { SENDER } else { display_name };
    let letter = match protocol {
        Protocol::Sms => {
            let prefix = if display_name.is_empty() { String::new() } else { format!("{display_name}> ") };
            Letter {
                medium: Medium::Sms,
                sent: world.now,
                from: sms_sender(&message.attributes),
                to: subscription.endpoint.clone(),
                subject: None,
                body: format!("{prefix}{}", message.text),
                confirmation_url: None,
            }
        }
        _ => Letter {
            medium: Medium::Email,
            sent: world.now,
            from: format!("{sender} <{ADDRESS}>"),
            to: subscription.endpoint.clone(),
            subject: Some(subject(message)),
            body: match protocol {
                Protocol::EmailJson => message.envelope(&world.message_signer, &place.arn(), base_url),
                _ => text_of(message, &unsubscribe_url(base_url, &place.arn())),
            },
            confirmation_url: message.kind.invitation().map(|invitation| invitation.url.clone()),
        },
    };
    world.mailbox.put(letter);
}

/// Puts a text message to a phone number into the mailbox.
pub fn text(world: &mut World, number: &str, text: &str, attributes: &[(String, Attribute)]) {
    let letter = Letter {
        medium: Medium::Sms,
        sent: world.now,
        from: sms_sender(attributes),
        to: number.to_owned(),
        subject: None,
        body: text.to_owned(),
        confirmation_url: None,
    };
    world.mailbox.put(letter);
}

/// The sender id that the publisher chose.
fn sms_sender(attributes: &[(String, Attribute)]) -> String {
    let chosen = attributes.iter().find(|(name, _)| name == "AWS.SNS.SMS.SenderID");
    match chosen.map(|(_, attribute)| &attribute.content) {
        Some(Content::Text(sender)) => sender.clone(),
        _ => SMS_SENDER.to_owned(),
    }
}

fn subject(message: &Message) -> String {
    let usual = match message.kind {
        Kind::Notification => "AWS Notification Message",
        Kind::SubscriptionConfirmation(_) => "AWS Notification - Subscription Confirmation",
        Kind::UnsubscribeConfirmation(_) => "AWS Notification - Unsubscribe Confirmation",
    };
    message.subject.as_deref().unwrap_or(usual).to_owned()
}

fn text_of(message: &Message, unsubscribe_url: &str) -> String {
    let arn = &message.topic_arn;
    match &message.kind {
        Kind::Notification => format!(
            "{}\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below \
             to unsubscribe:\n{unsubscribe_url}\n\nPlease do not reply directly to this email. If you have any questions \
             or comments regarding this email, please contact us at https://aws.amazon.com/support\n",
            message.text
        ),
        Kind::SubscriptionConfirmation(invitation) => format!(
            "You have chosen to subscribe to the topic: \n{arn}\n\nTo confirm this subscription, click or visit the link \
             below (If this was in error no action is necessary): \n{}\n\nPlease do not reply directly to this email. \
             If you wish to remove yourself from receiving all future SNS subscription confirmation requests please \
             send an email to sns-opt-out\n",
            invitation.url
        ),
        Kind::UnsubscribeConfirmation(invitation) => format!(
            "Your subscription to the topic below has been deactivated: \n{arn}\n\nIf this was in error or you wish to \
             resubscribe, click or visit the link below: \n{}\n\nPlease do not reply directly to this email.\n",
            invitation.url
        ),
    }
}
