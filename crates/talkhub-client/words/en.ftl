# Every English word that people read, for the server's pages and the browser. Sections per slice; keys say where a word stands.

## Shared

name = Talkhub
retry = Retry
delete = Delete
close = Close
back = Back
skip-to-content = Skip to the conversation

## Problems: what a person is told when something cannot be done

hand-in-count = From 1 to { $most } messages at once.
problem-bad-receipt = This receipt does not belong to this message.
problem-receipt-expired = This message was passed on more than 24 hours ago. Its sender can send it again.
problem-no-room = The server has no room left for this file. Nothing was changed; try again later.
problem-not-saved = This message was refused.
problem-refused-before = This message was refused when it came first.
problem-busy = There is a lot to do right now. Try again in a moment; nothing was lost.
problem-foreign-origin = This page is out of date. Load it again and repeat what you did.
problem-internal = Something went wrong on our side. What you wrote is still here; try again in a moment.
problem-invalid = Some fields need another look.
problem-missing = There is nothing here.
problem-missing-conversation = There is no such conversation.
problem-missing-person = There is nobody with this ID.
problem-missing-request = There is no such request.
problem-missing-contact = They are not among your contacts.
problem-missing-block = They are not blocked.
problem-not-reachable = This person takes messages from their contacts only.
problem-person-left = This person has deleted their account.
problem-factor-missing = Administrators sign in in two steps here. Set that up first.
problem-own-block = You have blocked this person. Unblock them to write.
problem-relay-away = The live connection is away. Messages are kept and go out by themselves.
problem-signed-out = Sign in to go on.
problem-storage = The database cannot be reached right now. Try again in a moment; nothing was lost.
problem-storage-full = The server's storage is full. What you wrote is kept here and goes out when there is room again.
problem-too-fast = Too many tries. Wait { $seconds } seconds and try again.
problem-wrong-login = That name and password do not belong together.
problem-wrong-method = This address does not take that kind of request.
problem-wrong-type = Send this as JSON, with the content type application/json.

## Accounts: sign-in, sign-up, settings

theme = Theme
theme-dark = Dark
theme-light = Light
theme-system = System
log-out = Log out
settings = Settings
your-id = Your ID
copy-id = Copy ID
copied = Copied
copy-failed = Select the digits and copy them by hand.
another-id = Another one
id-free = { $id } is free.
id-taken = { $id } is taken. Try another one.
id-malformed = 10 digits, the first not 0.
id-checking = Checking…
show-password = Show password
hide-password = Hide password
passwords-differ = The two passwords are not the same yet.
strength-hint = At least 8 characters.
strength-short =
    { $count ->
        [one] One more character at least.
       *[other] { $count } more characters at least.
    }
strength-weak = Weak: easy to guess.
strength-fair = Fair: one more word helps.
strength-good = Good.
strength-strong = Strong.
own-menu = { $name }: how others see you
own-home = Your ID and next steps
new-sign-in = New sign-in to your account:
new-sign-in-from = { $device }, address { $address }, { $time }.
new-sign-in-me = It was me
new-sign-in-look = Look at my devices
log-out-unsent =
    { $count ->
        [one] One message has not gone out yet. Logging out throws it away.
       *[other] { $count } messages have not gone out yet. Logging out throws them away.
    }
log-out-anyway = Log out and throw away
log-out-failed = Logging out did not work yet. Nothing was thrown away. Try again in a moment.
stay = Stay

## Contacts: requests, blocks

request-to-oneself = You cannot send a contact request to yourself.
request-to-blocked = You have blocked this person. Unblock them first.
request-contact-already = You are contacts already.
request-waiting = Your request is already waiting for an answer.
request-note-long = { $count } of { $most } characters.
request-note-control = A note has no invisible characters.
block-oneself = You cannot block yourself.
places = Chats and people
contacts = Contacts
contacts-empty = No contacts yet. Ask somebody, by their name or their 10-digit ID.
contacts-empty-yet = No contacts yet: they come with the first answer.
contacts-none = Nobody here matches “{ $text }”.
contacts-failed = Your contacts did not load. It is tried again by itself.
filter-people = Filter contacts and requests
requests-for-you = Requests for you
requests-of-yours = Sent by you
requests-waiting =
    { $count ->
        [one] one contact request waits for your answer
       *[other] { $count } contact requests wait for your answer
    }
of-person = { $what }: { $name }
profile-of = Profile of { $name }
more-of = More for { $name }
show-profile = Show profile
edit-profile = Edit your profile
add-contact = Add
add-with-note = Add with a note
note-label = A note to { $name }, if you like
note-hint = Who you are, or where you met
send-request = Send
cancel = Cancel
requested = Requested
withdraw = Withdraw
accept = Accept
decline = Decline
is-contact = Contact
contact-since = Contacts since
remove-contact = Remove from contacts
block = Block
unblock = Unblock
blocked = Blocked
blocked-now = { $name } is blocked. They are not told.
blocked-contact = { $name } is blocked and no longer among your contacts. They are not told.
blocked-means = You have blocked them: they cannot write to you or see whether you are there. They are not told.
declined = Declined. { $name } is not told.
removed = { $name } is no longer among your contacts. What you wrote stays.
undo = Undo
no-answer = That did not get through. Try again in a moment.
own-block = You have blocked { $name }. Neither of you can write here.
draft-kept = What you began to write is kept.
not-reachable = { $name } takes messages from their contacts only.
not-reachable-kept = What you wrote is kept above.
message-request = Message request
message-requests = Message requests
message-requests-why = From people who are not among your contacts. They do not learn whether you have looked.
stranger-text = { $name } is not among your contacts. They learn that you have read this only if you accept.
here-since = here since { $date }
settings-blocked = Blocked people
blocked-lead = They cannot write to you, find you, or see whether you are there, and nobody tells them. What they try meanwhile stays away for good.
blocked-none = You have blocked nobody. Whoever bothers you can be blocked from their profile.
blocked-lifted = Unblocked. They can write to you again.
request-deleted = Message request deleted. They are not told.
request-not-deleted = The message request was not deleted; it stands where it was. Try again in a moment.

## Conversations: the list, finding people, home

conversations = Conversations
conversations-private = Private
filter = Filter
filter-hint = Filter or find someone
filter-none = No conversation matches “{ $text }”.
find-someone = Find someone
find-hint = Name or 10-digit ID
find-title = Find someone
find-lead = By name, or by the 10-digit ID that they gave you. Spaces do not matter.
find-own = This is your own ID: give it to others, and they find you.
find-none = Nobody found for “{ $text }”. Check the ID with your friend: it has ten digits.
find-failed = The search did not get through. Try again in a moment.
find-start = Two letters of a name are enough to start.
people-found = People
message-person = Message
list-empty = No conversations yet. They begin with somebody’s ID.
list-failed = The list did not load. It is tried again by itself.
preview-mine = You: { $text }
draft = Draft
notes = Notes to yourself
notes-hint = Only you can read what you write here.
unread =
    { $count ->
        [one] one unread message
       *[other] { $count } unread messages
    }
resize-sidebar = Width of the sidebar
home-title = Hello, { $name }
home-lead = Good to have you here.
home-share = Give this number to friends: it is how they find you.
home-qr = Scan to open a chat with you
home-qr-show = Show QR code
home-qr-hide = Hide QR code
home-next = What next?
step-find = Find someone by 10-digit ID
step-find-why = Start your first conversation.
step-share = Share your ID
step-share-why = Copy it and send it to a friend.
step-notes = Write yourself a note
step-notes-why = Try it out; only you can read it.
home-online = Online now
home-online-none = None of your contacts is online right now.
not-found-title = There is nobody here
not-found-text = No one has the ID { $id }. A digit may be wrong: IDs have ten digits, and the first is not 0.
not-found-page = There is no such page.
not-found-home = To your conversations
open-failed-title = This conversation did not open
open-failed-text = The server could not be reached. It is tried again by itself.
bar-chats = Chats
bar-people = People
bar-you = You
details = Details
details-of = Details of { $name }
user-id = User ID
username = Username
since = On Talkhub since

## Presence

online = Online
offline = Offline
away-status = Away
busy-status = Do not disturb
invisible-status = Invisible
presence-why-online = Away by itself when you are gone
presence-why-away = Until you choose otherwise
presence-why-busy = Others see that you want quiet
presence-why-invisible = Others see you as offline
presence-failed = That did not get through. Try again in a moment.
online-people = Who is online
online-count =
    { $count ->
        [one] 1 online
       *[other] { $count } online
    }
online-you = { $name } (you)
last-seen-now = last seen just now
last-seen-today = last seen today { $time }
last-seen-yesterday = last seen yesterday { $time }
last-seen-earlier = last seen { $date }
typing = { $name } is typing…
typing-short = typing…
you = You

## Messages

messages = Messages with { $name }
composer = Message to { $name }
composer-hint = Write a message
send = Send
send-nothing = Write something first
characters-left =
    { $count ->
        [one] one character left
       *[other] { $count } characters left
    }
characters-over =
    { $count ->
        [one] one character too many: at most 10,000
       *[other] { $count } characters too many: at most 10,000
    }
state-sending = Sending
state-waiting = Waiting for connection
state-passed = Passed on, not yet saved
state-refused = Was not saved
state-lost = Not saved
refused-why = Was not saved: { $why }
put-away = Hide
state-stored = Sent
state-read = Read
state-failed = Not sent
failed-why = Not sent: { $why }
today = Today
yesterday = Yesterday
unsupported = This message needs a newer version of Talkhub.
new-messages =
    { $count ->
        [one] 1 new message
       *[other] { $count } new messages
    }
to-newest = To the newest message
older-failed = Older messages did not load.
catch-up-failed = The newest messages did not load yet. It is tried again by itself.
conversation-start = This is the beginning of your conversation with { $name }.
conversation-empty = Nothing here yet. Say hello to { $name }.
notes-empty = Nothing here yet. Write down what you want to find again.
loading = Loading…
said = { $name }: { $text }
said-unsaved = { $name }, not yet saved: { $text }

## Connection

away = The live connection is away.
away-works = You can go on reading and writing; messages arrive a little later.
slower = Slower connection.
slower-works = Messages still go both ways; typing and presence pause.
offline-now = This device is offline.
offline-works = You can go on writing; everything goes out by itself later.
server-away = Talkhub is briefly away.
server-away-works = Open chats go on; messages are saved when it is back.
server-away-search = Talkhub is briefly away. The search goes on by itself when it is back.
server-away-older = Talkhub is briefly away. Older messages load when it is back.
server-away-open = Talkhub is briefly away. What was said here loads when it is back; you can write meanwhile.
server-away-opening = Talkhub is briefly away. This conversation opens by itself when it is back.
server-away-form = Talkhub cannot be reached right now. What you typed is still here; try again in a moment.
both-away = Talkhub cannot be reached.
both-away-works = You can go on writing; everything goes out by itself later.
retry-now = Retry now
back-online = Back.
back-online-new = Back. { $count } new
storage-refused = This browser does not keep unsent messages: leave this page open until everything has gone out.
needs-https = Without HTTPS, notifications, calls and installing are not available here; chatting works.
clock-wrong = The clock of this device is wrong by { $minutes } minutes. Times shown here are the server’s.
clock-wrong-hours = The clock of this device is wrong by { $hours } hours. Times shown here are the server’s.
understood = Got it

## Fields: what is wrong with what was typed

taken = This name is already taken.
email-taken = This address is already taken. Sign in, or use another one.
user-id-taken = This ID is already taken. Take another one.
user-id-malformed = A user ID has 10 digits, the first not 0.
username-length = A username has 2 to 32 characters.
username-letters = A username has letters, digits and . _ - and nothing else.
username-only-digits = A username needs a letter, so that it is not taken for an ID.
email-malformed = That does not look like an e-mail address.
display-name-length = A name has 1 to 64 characters.
display-name-letters = A name has no invisible characters.
status-line-long = At most { $most } characters.
status-line-letters = A status line has no line breaks and no invisible characters.
language-unknown = There are no words in this language yet.
image-none = This is not a picture: take a JPEG, PNG, WebP or GIF.
image-broken = This picture is damaged and cannot be read.
image-too-large = This picture has too many pixels: at most { $most } million, and 16,384 on a side.
image-slow = This picture took too long to read. Take a smaller or simpler one.
privacy-write = Writing to you is for everybody or for your contacts.
file-missing = Choose a file first; an empty one cannot be taken.
file-too-large = { $size } MB of { $most } MB allowed.
password-short = A password has at least 8 characters.
password-long = A password has at most 1,024 characters.
password-is-name = The password is your name or address; choose another one.
password-common = This is one of the passwords that are tried first; choose another one.
password-wrong = This is not your present password.
code-wrong = This code is not right. Codes change every 30 seconds, and each is good for one use.
step-over = This sign-in took too long. Begin again with your password.
factor-on-already = Two-step sign-in is on already.
factor-off-already = Two-step sign-in is off.
factor-required = Administrators of this server need two-step sign-in.
factor-begin-again = Setting up took too long. Begin again.
people-query-short = Two letters are enough to start.
people-query-long = At most 64 characters of a name.
message-empty = Write something first.
message-too-long = { $count } of { $most } characters.
message-control = This is not valid text: it has a NUL or a broken character.
message-id-malformed = The id of a message is a UUIDv7.
frame-unreadable = This frame cannot be read here: { $why }.
kind-unknown = This kind of frame needs a newer version of the server.
limit-range = limit is a whole number from 1 to { $most }.
cursor-malformed = { $name } is a whole number from 0.
cursor-both = before and after do not go together.
read-malformed = read is a whole number from 0.
query-broken = The query string cannot be read: look at { $name }.
form-broken = This form cannot be read. Load the page again.
body-broken = The request broke off before its end.
body-too-large = The request is too large: at most { $most } KiB.
body-too-slow = The request took too long to arrive.
live-needs-websocket = This address is a WebSocket.
json-broken = Line { $line }, column { $column }: this is not JSON.
json-wrong-kind = Line { $line }, column { $column }: another kind of value is expected here.
json-missing = { $name } is missing.
json-double = { $name } stands there twice.

## Pages: sign-in, sign-up, settings

promise = Messages that arrive. On your own machine.
sign-in-title = Sign in
sign-in-lead = Good to see you again.
sign-in-name = Username, e-mail or user ID
sign-in-submit = Sign in
sign-in-keep = Keep me signed in
sign-in-register = New here?
sign-in-register-link = Register here
register-title = Create your account
register-lead = It takes a minute, and you get a number that friends find you by.
register-submit = Create Account
register-sign-in = Already have an account?
register-sign-in-link = Sign in
field-username = Username
field-email = E-mail
field-display-name = Name to show
field-optional = optional
field-user-id = Your 10-digit ID
field-user-id-hint = Keep the offered one or type a free one of your own.
field-password = Password
field-password-again = Repeat password
field-current-password = Present password
field-new-password = New password
sign-out-title = Log out?
sign-out-text = Messages that have not gone out yet stay in this browser for you.
field-status-line = Status line
field-language = Language
settings-privacy = Privacy
settings-privacy-lead = What you keep from others they keep from you: it goes both ways. Writing to you is the exception.
privacy-last-seen = Who sees whether you are online, and when you were last seen
privacy-read-receipts = Who sees what you have read
privacy-typing = Who sees that you are typing
privacy-avatar = Who sees your picture
privacy-find = Who finds you by name or e-mail address (your ID always works)
privacy-add = Who may add you to groups
privacy-call = Who may call you
privacy-writing = Who may write to you
audience-everybody = Everybody
audience-contacts = My contacts
audience-nobody = Nobody
settings-picture = Picture
settings-picture-now = Your picture now
settings-picture-none = No picture yet: others see your initials.
settings-picture-choose = Choose a picture
settings-picture-hint = Its middle is taken. The place and the device that a camera writes into it are removed.
settings-picture-upload = Use this picture
settings-picture-remove = Remove the picture
settings-presence = Shown to others as
settings-presence-hint = Online turns into Away by itself while nobody uses any of your devices. Invisible looks as if you were not there.
settings-profile = Profile
settings-password = Password
settings-security = Security
settings-save = Save
settings-saved = Saved.
settings-end-others = Sign out all other browsers and devices
settings-back = To your conversations
problem-reference = Reference { $reference }
no-script-chat = The chat needs JavaScript. Signing in and the settings work without it.
sign-in-code-title = One more step
sign-in-code-lead = Open your authenticator app and type the code it shows, or one of your recovery codes.
sign-in-code-back = Begin again
field-code = Code of your app, or a recovery code
field-app-code = The six digits that the app shows
devices-title = Where you are signed in
devices-lead = End what you do not know, and then change your password.
devices-unknown = Unknown device
devices-current = this one
devices-program = program
devices-address = Address
devices-used = Last used
devices-since = Signed in
devices-end = End
devices-end-others = End all others
devices-activity = What was done with your account lately
factor-title = Two-step sign-in
factor-lead = Besides your password, signing in then asks for a code that an app on your phone makes.
factor-on = Two-step sign-in is on.
factor-codes-left =
    { $count ->
        [0] There are no recovery codes left: make new ones.
        [one] One recovery code is left.
       *[other] { $count } recovery codes are left.
    }
factor-begin = Set up
factor-renew-codes = New recovery codes
factor-end = Turn off
factor-set-up-title = Set up two-step sign-in
factor-scan = Scan this with an authenticator app.
factor-qr = QR code for your authenticator app
factor-type = Or type this into the app:
factor-confirm = Turn on
factor-cancel = Not now
recovery-title = Your recovery codes
recovery-lead = Write them down and keep them where you find them without your phone. They are shown this once.
recovery-once = Each lets you sign in one time without the app.
recovery-done = I have written them down
settings-account = Account
settings-activity = Activity
settings-data = Your data
field-new-email = New e-mail

## Forgotten passwords

forgot-link = Forgot password?
forgot-title = Forgot your password?
forgot-lead = Tell us the e-mail address of your account. We send you a link to set a new one.
forgot-submit = Send the link
forgot-sent = If there is an account with this address, a mail with a link is on its way. The link is good for an hour.
forgot-back = Back to signing in
forgot-no-mail = This server does not send mail.
forgot-no-mail-then = Ask whoever runs it for a link: they can make one that lets you set a new password, without learning it.
reset-title = Set a new password
reset-lead = Every browser and device that is signed in will be signed out.
reset-submit = Set password
reset-done-title = Your password is set
reset-done = Sign in with the new one. Everywhere else you have been signed out.
reset-dead-title = This link does not work
reset-used = This link has been used: it works once.
reset-replaced = There is a newer link, or the password was changed since: look for a later mail.
reset-expired = This link is over an hour old.
problem-missing-link = This link is not whole, or it was never ours. Take all of it, or get another one.
link-again = Get another link

## Another e-mail address

account-lead = The address is for signing in and for links to a new password. Others do not see it.
account-asked = We sent a link to the new address. It counts once you open it.
account-email-hint = We send a link there, and a word to the old address once it counts.
account-email-no-mail = This server does not send mail, so the new address counts at once.
account-submit = Change e-mail
email-same = This is your address already.
confirm-title = Is this your address?
confirm-lead = From now on { $email } will be the address of your account.
confirm-submit = Yes, use this address
confirm-done-title = Your new address counts
confirm-done = You can sign in with it from now on.
confirm-dead-title = This link does not work
confirm-used = This link has been used: the address counts already.
confirm-replaced = There is a newer link, or your password was changed since. Ask for the change again.
confirm-expired = This link is over an hour old. Ask for the change again.

## Activity of the account

activity-lead = What was done with your account lately. If one of these was not you, change your password.
activity-none = Nothing yet.
activity-older = Older
activity-operator = the operator of this server
activity-unknown-device = unknown device
activity-signed-in = Signed in
activity-signed-in-new-device = Signed in on a new device
activity-sign-in-refused = A wrong password was tried
activity-code-refused = A wrong code was tried, after the right password
activity-password-refused = A wrong password was tried inside the account
activity-signed-out = Signed out
activity-device-ended = Ended another sign-in
activity-others-ended = Ended all other sign-ins
activity-tokens-made = A program signed in
activity-tokens-ended = A program signed out
activity-token-reused = A program's token came twice: its sign-in was ended
activity-factor-begun = Began to set up two-step sign-in
activity-factor-on = Turned two-step sign-in on
activity-factor-off = Turned two-step sign-in off
activity-factor-lost = Turned off a lost two-step sign-in
activity-recovery-code-used = Used a recovery code
activity-recovery-codes-renewed = Made new recovery codes
activity-password-changed = Changed the password
activity-reset-asked = Asked for a link to a new password
activity-reset-link-made = Made a link to a new password
activity-password-reset = Set a new password with a link
activity-email-asked = Asked for another e-mail address
activity-email-changed = Changed the e-mail address
activity-exported = Took the data along
activity-deleted = Deleted the account
activity-made-administrator = Made administrator

## One's own data

data-export-title = Take your data with you
data-export-lead = One zip with your profile and everything you wrote, as pages that open without a network and as JSON.
data-export-submit = Download
data-export-begun = One moment: the download begins once your password has been checked.
leave-title = Delete your account
leave-lead = Your name, your address and your sign-ins go for good, and nobody gets your ID again. This cannot be undone.
leave-messages-too = Empty my messages too, for everybody
leave-submit = Delete my account
left-title = Your account is deleted
left-text = Thank you for having been here.
deleted-user = Deleted user
last-administrator = You are the only administrator. Make somebody else one first.
export-title = Talkhub data of { $name }
export-made = Made on { $when }
export-none = No conversations.
export-json = The same is in the files that end in .json, for programs.
export-own = What you wrote here. What others wrote is theirs.
export-nothing = Nothing written here.
export-before = Before
export-next = Next
message-deleted = This message was deleted.

## Mails

mail-hello = Hello { $name },
mail-hello-there = Hello,
mail-not-you = If this was not you, set a new password at once.
mail-forgot-link = Set a new password
mail-reset-subject = Set a new password
mail-reset = Somebody, probably you, asked for a link to set a new password. It works once, within an hour:
mail-reset-not-you = If it was not you, there is nothing to do: your password stays as it is.
mail-reset-link = Set a new password
mail-confirm-subject = Is this your address?
mail-confirm = Somebody, probably you, wants to use this address for their Talkhub account. If it is yours, open this link within an hour:
mail-confirm-not-you = If it was not you, there is nothing to do: without the link the address is not used.
mail-confirm-link = Confirm this address
mail-email-changed-subject = Your address was changed
mail-email-changed = The address of your Talkhub account is now { $email }. This is the last mail to the old one.
mail-email-changed-not-you = If this was not you, tell whoever runs the server at once.
mail-new-sign-in-subject = A new sign-in to your account
mail-new-sign-in = Somebody signed in to your account on { $when } on a device where you had not signed in before: { $device }, from the address { $address }.
mail-new-sign-in-you = If this was you, there is nothing to do.
mail-new-sign-in-not-you = If it was not you, somebody knows your password: set a new one at once. That signs everybody out, them too.
mail-factor-off-subject = Two-step sign-in was turned off
mail-factor-off = Two-step sign-in of your account was turned off on { $when }.
mail-factor-off-then = From now on your password alone is enough. You can set it up again in the settings, under Security.
mail-password-changed-subject = Your password was changed
mail-password-changed = Your password was changed on { $when }.

## The first administrator

setup-title = Make the first administrator
setup-lead = Nobody looks after this server yet. The one-time code that it printed at its start makes you the one.
field-setup-code = One-time code
setup-code-hint = The server printed it when it was last started, in its terminal or, as a service, in the journal: four times four letters and digits.
setup-code-wrong = This is not the code that the server printed at its last start.
setup-submit = Create the administrator
setup-later = Not you?
